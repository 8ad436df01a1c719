/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.cli.words.Words;
import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.Resizable;
import dev.caisson.disk.file.ByteCount;
import dev.caisson.disk.luks.LuksDisk;
import dev.caisson.disk.qcow2.Qcow2Disk;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Command;

@Command(name = "amend", description = "Change the options of a disk that exists")
final class AmendDisk extends DiskCommand {
  private static final String ENCRYPT = "encrypt.";
  private static final Set<String> QCOW2 =
      Set.of(
          "backing_file",
          "backing_fmt",
          "compat",
          "data_file",
          "data_file_raw",
          "lazy_refcounts",
          "refcount_bits",
          "size");

  private String format = "";
  private String[] options = {};
  private boolean force;
  private boolean showProgress;
  private String cache = "writeback";
  private final KeyOptions newKeys = KeyOptions.making();
  private String file = "";

  @Override
  void declare(Words words) {
    words.value("FORMAT", "the format, instead of looking", value -> format = value, "-f");
    words.value(
        "NAME=VALUE,...",
        "what to change; -o help lists it",
        value -> options = Words.appended(options, value),
        "-o");
    words.flag(
        "also erase the last key: nothing opens the disk then", () -> force = true, "--force");
    words.flag("show progress", () -> showProgress = true, "-p");
    words.value("MODE", "cache mode", value -> cache = value, "-t");
    newKeys.declare(words);
    words.optionalArgument("FILE", "the disk", value -> file = value);
  }

  @Override
  KeyNeed need() {
    return KeyNeed.GIVEN;
  }

  @Override
  int run() {
    if (FormatOptions.help(options)) {
      lines(format).forEach(this::print);
      return 0;
    }
    refuse(file.isEmpty(), "amend needs the disk to change");
    refuse(options.length == 0, "say what to change with -o; -o help lists it");
    var told = progress(showProgress, 1);
    boolean sync = syncing(cache);
    var asked = new FormatOptions(options).all();
    try (var disk =
        open(file, reading(format, false).withWritable(true).withSyncing(sync).withAlone(true))) {
      switch (disk) {
        case LuksDisk luks -> amendKeys(luks, asked);
        case Qcow2Disk image -> amend(image, asked);
        default ->
            throw new DiskException(
                DiskException.Kind.UNSUPPORTED,
                "%s: a %s disk has no options to change".formatted(file, disk.format()));
      }
    }
    told.accept(1);
    return 0;
  }

  private void amend(Qcow2Disk image, Map<String, String> asked) {
    Map<String, String> keys = new LinkedHashMap<>();
    for (var option : asked.entrySet()) {
      String name = option.getKey();
      if (name.startsWith(ENCRYPT)) {
        keys.put(name.substring(ENCRYPT.length()), option.getValue());
      } else if (!QCOW2.contains(name)) {
        throw new DiskException(
            DiskException.Kind.UNSUPPORTED,
            "'%s' cannot be changed once a disk is made; convert it. amend -f qcow2 -o help lists what can"
                .formatted(name));
      }
    }
    var change = image.amendment();
    Optional<Integer> version =
        Optional.ofNullable(asked.get("compat")).map(FormatOptions::version);
    boolean lazy = FormatOptions.isOn(asked.getOrDefault("lazy_refcounts", "off"));
    refuse(
        lazy && version.equals(Optional.of(2)),
        "lazy refcounts need version 3; leave compat=0.10 or lazy_refcounts=on out");
    if (version.equals(Optional.of(3))) {
      change.version(3, image);
    }
    if (!keys.isEmpty()) {
      amendKeys(image, keys);
    }
    Optional.ofNullable(asked.get("refcount_bits"))
        .ifPresent(bits -> change.refcountBits((int) Math.min(1 << 20, ByteCount.parse(bits))));
    Optional.ofNullable(asked.get("data_file_raw"))
        .ifPresent(on -> change.rawDataFile(FormatOptions.isOn(on)));
    Optional.ofNullable(asked.get("data_file")).ifPresent(change::dataFile);
    requireSameBase(image, asked);
    Optional.ofNullable(asked.get("lazy_refcounts"))
        .ifPresent(on -> change.lazyRefcounts(FormatOptions.isOn(on)));
    Optional.ofNullable(asked.get("size"))
        .ifPresent(size -> ((Resizable) image).resize(ByteCount.parse(size)));
    if (version.equals(Optional.of(2))) {
      change.version(2, image);
    }
  }

  /** As QEMU: only to say again what is so. */
  private void requireSameBase(Qcow2Disk image, Map<String, String> asked) {
    if (!asked.containsKey("backing_file") && !asked.containsKey("backing_fmt")) {
      return;
    }
    boolean same =
        asked.getOrDefault("backing_file", "").equals(image.baseName().orElse(""))
            && asked.getOrDefault("backing_fmt", "").equals(image.baseFormat().orElse(""));
    if (!same) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED,
          "%s: gets another base by: caisson disk rebase -b BASE -F FORMAT %s (-u if the base only moved)"
              .formatted(file, file));
    }
  }

  private void amendKeys(Disk disk, Map<String, String> asked) {
    new KeyAmendment(disk, asked, secrets(), newKeys, force).perform();
  }

  private static List<String> lines(String format) {
    List<String> keys =
        List.of(
            "iter-time=<num>        - milliseconds to try the new key",
            "keyslot=<num>          - this slot, 0 to 7",
            "new-secret=<str>       - id of the secret of a new key",
            "old-secret=<str>       - id of the secret whose key goes",
            "state=<str>            - active: add a key; inactive: erase it");
    if (format.equals("luks")) {
      return keys.stream().map(line -> "  " + line).toList();
    }
    var all =
        new java.util.ArrayList<>(
            List.of(
                "  backing_file=<str>     - the base, as it is; rebase changes it",
                "  backing_fmt=<str>      - its format",
                "  compat=<str>           - v2 [0.10] or v3 [1.1]",
                "  data_file=<str>        - the name of the external data file",
                "  data_file_raw=<on/off> - off: it need not stay a valid raw disk",
                "  lazy_refcounts=<on/off> - other programs may write refcounts late",
                "  refcount_bits=<num>    - 1 to 64",
                "  size=<size>            - size of the disk"));
    keys.forEach(line -> all.add("  " + ENCRYPT + line));
    return all;
  }
}
