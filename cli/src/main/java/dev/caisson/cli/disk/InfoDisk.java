/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.cli.words.Words;
import dev.caisson.disk.DirtyBitmap;
import dev.caisson.disk.Disk;
import dev.caisson.disk.Snapshot;
import dev.caisson.disk.file.BasePolicy;
import dev.caisson.disk.file.ChainTree;
import dev.caisson.disk.file.DiskFiles;
import dev.caisson.disk.luks.LuksDisk;
import dev.caisson.disk.nbd.client.NbdUri;
import dev.caisson.disk.qcow2.Qcow2Disk;
import dev.caisson.disk.qcow2.Qcow2Info;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Command;

@Command(name = "info", description = "Show what a disk file is")
final class InfoDisk extends DiskCommand {
  private final SourceOptions source = new SourceOptions();
  private boolean chain;

  @Override
  void declare(Words words) {
    words.flag("show all files it stands on too", () -> chain = true, "--backing-chain");
    source.declare(words);
  }

  @Override
  KeyNeed need() {
    return KeyNeed.NEVER;
  }

  @Override
  int run() {
    if (NbdUri.matches(source.file())) {
      return tellExport();
    }
    List<Map<String, Object>> found = new ArrayList<>();
    List<List<Snapshot>> snapshots = new ArrayList<>();
    Set<Path> seen = new HashSet<>();
    Optional<Path> next = Optional.of(path(source.file()));
    String label = source.format();
    String shown = source.file();
    while (next.isPresent() && seen.add(next.get().normalize())) {
      Path path = next.get();
      try (var disk = DiskFiles.open(path, reading(label, source.unlocked()).withAlone(true))) {
        found.add(describe(shown, path, disk));
        snapshots.add(disk instanceof Qcow2Disk image ? image.info().snapshots() : List.of());
        next = chain ? baseOf(path, disk) : Optional.empty();
        shown = found.getLast().getOrDefault("full-backing-filename", "").toString();
        label = disk instanceof Qcow2Disk image ? image.baseFormat().orElse("") : "";
      }
    }
    if (json()) {
      tell(chain ? found : found.getFirst());
    } else {
      for (int i = 0; i < found.size(); i++) {
        if (i > 0) {
          print("");
        }
        InfoText.lines(found.get(i), snapshots.get(i)).forEach(this::print);
      }
    }
    return 0;
  }

  /** A server tells a size, and nothing of the file behind it. */
  private int tellExport() {
    Map<String, Object> fields;
    try (var disk = open(source.file(), reading(source))) {
      fields =
          document("virtual-size", disk.size(), "filename", source.file(), "format", disk.format());
    }
    fields.put("dirty-flag", false);
    if (json()) {
      tell(chain ? List.of(fields) : fields);
    } else {
      InfoText.lines(fields, List.of()).forEach(this::print);
    }
    return 0;
  }

  private static Optional<Path> baseOf(Path path, Disk disk) {
    return disk instanceof Qcow2Disk image
        ? image.baseName().map(name -> BasePolicy.LOCAL.permit(path, name))
        : Optional.empty();
  }

  private static Map<String, Object> describe(String shown, Path path, Disk disk) {
    var fields =
        document(
            "virtual-size", disk.size(),
            "filename", shown,
            "format", disk.format(),
            "actual-size", ChainTree.space(path));
    // No switch over types: the JDK writes a class for each when it first runs, 10 ms of a short
    // life.
    if (disk instanceof Qcow2Disk image) {
      describe(shown, image, fields);
      return fields;
    }
    fields.put("dirty-flag", false);
    if (disk instanceof LuksDisk luks) {
      fields.put("encrypted", true);
      fields.put(
          "format-specific",
          document("type", "luks", "data", EncryptionFacts.of(luks.container().header())));
    }
    return fields;
  }

  private static void describe(String shown, Qcow2Disk image, Map<String, Object> fields) {
    Qcow2Info info = image.info();
    fields.put("cluster-size", info.clusterSize());
    fields.put("dirty-flag", info.dirty());
    if (info.encrypted()) {
      fields.put("encrypted", true);
    }
    info.backing()
        .ifPresent(name -> {
          fields.put("backing-filename", name);
          fields.put("full-backing-filename", full(shown, name));
        });
    info.backingFormat().ifPresent(label -> fields.put("backing-filename-format", label));
    if (!info.snapshots().isEmpty()) {
      fields.put("snapshots", info.snapshots().stream().map(InfoDisk::describe).toList());
    }
    var data = document("compat", info.compat(), "compression-type", info.compression().label());
    if (info.compat().equals("1.1")) {
      data.put("lazy-refcounts", info.lazyRefcounts());
      if (!image.dirtyBitmaps().isEmpty()) {
        data.put("bitmaps", image.dirtyBitmaps().stream().map(InfoDisk::describe).toList());
      }
      data.put("refcount-bits", info.refcountBits());
      encryption(image).ifPresent(facts -> data.put("encrypt", facts));
      data.put("corrupt", info.corrupt());
      data.put("extended-l2", info.extendedL2());
      info.dataFile()
          .ifPresent(name -> {
            data.put("data-file", name);
            data.put("data-file-raw", info.dataFileRaw());
          });
    } else {
      data.put("refcount-bits", info.refcountBits());
      encryption(image).ifPresent(facts -> data.put("encrypt", facts));
    }
    fields.put("format-specific", document("type", "qcow2", "data", data));
  }

  private static Optional<Map<String, Object>> encryption(Qcow2Disk image) {
    return DiskFiles.encryption(image).map(EncryptionFacts::within);
  }

  /** The base as seen from where the user stands, if it is given relative to the image. */
  private static String full(String shown, String name) {
    boolean plain = name.indexOf(':') < 0 && !name.startsWith("/");
    Path folder = Path.of(shown).getParent();
    return plain && folder != null ? folder.resolve(name).toString() : name;
  }

  private static Map<String, Object> describe(DirtyBitmap bitmap) {
    List<String> flags = new ArrayList<>();
    if (bitmap.inconsistent()) {
      flags.add("in-use");
    }
    if (bitmap.recording()) {
      flags.add("auto");
    }
    return document("flags", flags, "name", bitmap.name(), "granularity", bitmap.granularity());
  }

  private static Map<String, Object> describe(Snapshot snapshot) {
    var fields =
        document(
            "id", snapshot.id(),
            "name", snapshot.name(),
            "vm-state-size", snapshot.stateSize(),
            "date-sec", snapshot.created().getEpochSecond(),
            "date-nsec", snapshot.created().getNano(),
            "vm-clock-sec", snapshot.guestClock().toSeconds(),
            "vm-clock-nsec", snapshot.guestClock().toNanosPart());
    snapshot.instructionCount().ifPresent(count -> fields.put("icount", count));
    return fields;
  }
}
