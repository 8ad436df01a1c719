/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.cli.words.Words;
import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.Extent;
import dev.caisson.disk.Layered;
import dev.caisson.disk.chain.MergedChain;
import dev.caisson.disk.file.ByteCount;
import dev.caisson.disk.qcow2.Qcow2Disk;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Command;

@Command(name = "map", description = "Show which file of a chain holds which bytes")
final class MapDisk extends DiskCommand {
  /** Formats that QEMU gives no base, so that what is not stored is theirs all the same. */
  private static final Set<String> STANDING_ALONE = Set.of("vpc", "vdi", "vhdx");

  private final SourceOptions source = new SourceOptions();
  private String start = "0";
  private String length = "";

  @Override
  void declare(Words words) {
    words.value("OFFSET", "where to begin", value -> start = value, "-s", "--start-offset");
    words.value("SIZE", "how much to tell of", value -> length = value, "-l", "--max-length");
    source.declare(words);
  }

  @Override
  KeyNeed need() {
    return KeyNeed.NEVER;
  }

  @Override
  int run() {
    try (var disk = open(source.file(), reading(source))) {
      List<Piece> runs = runs(disk);
      if (json()) {
        boolean alone = STANDING_ALONE.contains(disk.format());
        tell(runs.stream().map(run -> describe(run, alone)).toList());
        return 0;
      }
      List<String> files =
          disk instanceof Layered layered ? layered.chain() : List.of(source.file());
      print("%-16s%-16s%-16s%s".formatted("Offset", "Length", "Mapped to", "File"));
      for (Piece piece : runs) {
        Extent run = piece.run;
        if (run.readsAsZero() || piece.hole) {
          continue;
        }
        if (run.hostOffset() < 0) {
          throw new DiskException(
              DiskException.Kind.UNSUPPORTED,
              source.file()
                  + ": some of it is compressed or encrypted, and lies in no file as it is; use --format json");
        }
        print(
            "%-16s%-16s%-16s%s"
                .formatted(
                    hex(run.offset()),
                    hex(run.length()),
                    hex(run.hostOffset()),
                    shown(files.get(run.depth()))));
      }
      return 0;
    }
  }

  /** As the user would type it from where they stand. */
  private String shown(String name) {
    Path path = Path.of(name);
    Path here = console().directory();
    boolean relative = !Path.of(source.file()).isAbsolute() && path.startsWith(here);
    return relative ? here.relativize(path).toString() : name;
  }

  private static String hex(long value) {
    return value == 0 ? "0" : "0x" + Long.toHexString(value);
  }

  /**
   * One row.
   *
   * @param hole whether the file is a hole where the bytes are stored, so that they read as zero
   */
  private record Piece(Extent run, boolean hole) {}

  private List<Piece> runs(Disk disk) {
    List<Piece> runs = new ArrayList<>();
    var below = new CarriersOf(disk);
    long from = Math.min(ByteCount.parse(start), disk.size());
    long most = length.isEmpty() ? Long.MAX_VALUE : ByteCount.parse(length);
    long end = from + Math.min(most, disk.size() - from);
    for (long at = from; at < end; ) {
      Extent run = disk.extent(at, end - at);
      Piece next = new Piece(run, false);
      var carrier = below.withHoles(run);
      if (carrier.isPresent()) {
        Extent found = carrier.get().beneath(run);
        boolean hole = found.kind() == Extent.Kind.ZERO;
        next = new Piece(joined(run, found.length()), hole);
      }
      at = next.run.end();
      if (!runs.isEmpty() && follows(runs.getLast(), next)) {
        Extent last = runs.removeLast().run;
        next = new Piece(joined(last, last.length() + next.run.length()), next.hole);
      }
      runs.add(next);
    }
    return runs;
  }

  private static Extent joined(Extent first, long length) {
    return new Extent(first.offset(), length, first.kind(), first.depth(), first.hostOffset());
  }

  private static boolean follows(Piece before, Piece after) {
    Extent last = before.run;
    Extent next = after.run;
    boolean place =
        last.hostOffset() < 0
            ? next.hostOffset() < 0
            : next.hostOffset() == last.hostOffset() + last.length();
    return last.kind() == next.kind()
        && last.depth() == next.depth()
        && before.hole == after.hole
        && place;
  }

  /** The files of a chain in which stored clusters may be holes. */
  private static final class CarriersOf {
    private final List<Optional<Qcow2Disk>> files = new ArrayList<>();

    CarriersOf(Disk disk) {
      files.add(carrier(disk));
      if (disk instanceof Qcow2Disk image
          && image.base().orElse(null) instanceof MergedChain chain) {
        chain.layers().forEach(layer -> files.add(carrier(layer)));
      }
    }

    private static Optional<Qcow2Disk> carrier(Object file) {
      return file instanceof Qcow2Disk image && image.hasUnusedClusters()
          ? Optional.of(image)
          : Optional.empty();
    }

    Optional<Qcow2Disk> withHoles(Extent run) {
      return run.kind() == Extent.Kind.DATA && run.hostOffset() >= 0 && run.depth() < files.size()
          ? files.get(run.depth())
          : Optional.empty();
    }
  }

  private static Map<String, Object> describe(Piece piece, boolean alone) {
    Extent run = piece.run;
    var fields =
        document(
            "start", run.offset(),
            "length", run.length(),
            "depth", run.depth(),
            "present", run.present() || alone,
            "zero", run.readsAsZero() || piece.hole,
            "data", !run.readsAsZero(),
            "compressed", run.kind() == Extent.Kind.COMPRESSED);
    if (run.hostOffset() >= 0) {
      fields.put("offset", run.hostOffset());
    }
    return fields;
  }
}
