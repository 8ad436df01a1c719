/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.cli.command.EngineCommand;
import dev.caisson.cli.format.Json;
import dev.caisson.cli.words.Spoken;
import dev.caisson.cli.words.Words;
import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.Snapshots;
import dev.caisson.disk.convert.RateLimit;
import dev.caisson.disk.file.ByteCount;
import dev.caisson.disk.file.DiskFiles;
import dev.caisson.disk.file.DiskOptions;
import dev.caisson.disk.file.Passphrases;
import dev.caisson.disk.nbd.client.NbdDisk;
import dev.caisson.disk.nbd.client.NbdOptions;
import dev.caisson.disk.nbd.client.NbdUri;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What the disk commands share: paths as their caller sees them, errors, sizes, progress. */
abstract class DiskCommand extends EngineCommand implements Spoken {
  static final int FAILURE = 1;

  private final KeyOptions keys = KeyOptions.opening();
  private String[] objects = {};
  private String output = "human";
  private boolean quiet;
  private boolean described;
  private @Nullable Secrets secrets;

  /** Declares what this command takes beside what all take. */
  abstract void declare(Words words);

  @Override
  public final Words words() {
    var words = new Words();
    declare(words);
    words.value(
        "SECRET",
        "secret,id=ID,file=FILE: a passphrase, as with qemu-img",
        value -> objects = Words.appended(objects, value),
        "--object");
    keys.declare(words);
    words.value("FORMAT", "human or json", value -> output = value, "--format", "--output");
    words.flag("print errors only", () -> quiet = true, "-q", "--quiet");
    words.hidden(
        "refused, with what to say instead",
        () -> described = true,
        "--image-opts",
        "--target-image-opts");
    return words;
  }

  /** Does it; a {@link DiskException} becomes a line, or two with a remedy, and exit code 1. */
  abstract int run();

  @Override
  public final Integer call() {
    try {
      if (!json() && !output.equals("human")) {
        throw new DiskException(
            DiskException.Kind.UNSUPPORTED, "--output '%s'; have human and json".formatted(output));
      }
      if (described) {
        throw new DiskException(
            DiskException.Kind.UNSUPPORTED,
            "descriptions of images (--image-opts) are not read; name the file, its format with -f or -O, and a password with --object");
      }
      return run();
    } catch (DiskException told) {
      err().println("caisson: " + told.getMessage());
      if (told.kind() == DiskException.Kind.CORRUPT) {
        err().println("  try: " + remedyForCorruption());
      }
      return failureCode();
    }
  }

  /** What to do about a file that contradicts its format; one line. */
  String remedyForCorruption() {
    return "caisson disk check, to see all that is wrong; --repair all mends a copy, or take an older one";
  }

  /** As qemu-img, for words it does not understand. */
  @Override
  public final int usageCode() {
    return FAILURE;
  }

  int failureCode() {
    return FAILURE;
  }

  final PrintStream err() {
    return console().err();
  }

  final Path path(String name) {
    return console().directory().resolve(name);
  }

  /** The disk that the user named: a file, or somebody's NBD export. */
  final Disk open(String name, DiskOptions options) {
    return NbdUri.matches(name)
        ? NbdDisk.open(NbdUri.parse(name), NbdOptions.READ.withWritable(options.writable()))
        : DiskFiles.open(path(name), options);
  }

  /** As {@link #open(String, DiskOptions)}; of the disk, the snapshot asked for with -l, if any. */
  final Disk open(String name, DiskOptions options, String snapshot) {
    Disk disk = open(name, options);
    if (snapshot.isEmpty()) {
      return disk;
    }
    try {
      if (disk instanceof Snapshots kept) {
        return new SnapshotSource(disk, kept.openSnapshot(snapshotName(snapshot)));
      }
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED, name + ": this format has no snapshots");
    } catch (DiskException refused) {
      disk.close();
      throw refused;
    }
  }

  /** {@code snapshot.id=ID,snapshot.name=NAME} or either's value. */
  private static String snapshotName(String given) {
    if (!given.startsWith("snapshot.")) {
      return given;
    }
    var fields = KeyValueList.parse(given);
    String name = fields.getOrDefault("snapshot.id", fields.getOrDefault("snapshot.name", ""));
    if (name.isEmpty()) {
      throw new DiskException(
          DiskException.Kind.OUT_OF_RANGE, "say snapshot.id=ID or snapshot.name=NAME");
    }
    return name;
  }

  final boolean json() {
    return output.equals("json");
  }

  final void say(String line) {
    if (!quiet) {
      print(line);
    }
  }

  final void tell(Object document) {
    print(Json.pretty(document));
  }

  static Optional<DiskFormat> format(String label) {
    if (label.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        DiskFormat.named(label)
            .orElseThrow(() ->
                new DiskException(
                    DiskException.Kind.UNSUPPORTED,
                    "unknown disk format '%s'; have %s"
                        .formatted(
                            label,
                            Stream.of(DiskFormat.values())
                                .map(DiskFormat::label)
                                .collect(Collectors.joining(", "))))));
  }

  /** qemu-img's names; whether writes must have reached the disk when the command ends. */
  static boolean syncing(String cacheMode) {
    return switch (cacheMode) {
      case "unsafe" -> false;
      // What is not cached here is the host's affair: both kinds of "direct" only sync.
      case "none", "writeback", "writethrough", "directsync" -> true;
      default ->
          throw new DiskException(
              DiskException.Kind.UNSUPPORTED,
              "Invalid cache option: %s; have none, writeback, writethrough, directsync, unsafe"
                  .formatted(cacheMode));
    };
  }

  /** The copy's listener, slowed down to {@code rate} if one is given. */
  final LongConsumer progress(boolean wanted, long total, String rate) {
    var shown = progress(wanted, total);
    long bytes = rate.isEmpty() ? 0 : ByteCount.parse(rate);
    return bytes == 0 ? shown : new RateLimit(bytes, shown);
  }

  final DiskOptions reading(SourceOptions source) {
    return reading(source.format(), source.unlocked());
  }

  final DiskOptions reading(String label, boolean unlocked) {
    return withSecret(DiskOptions.READ.withFormat(format(label)).withUnlocked(unlocked));
  }

  final DiskOptions withSecret(DiskOptions options) {
    return options.withPassphrases(
        switch (need()) {
          case NEVER -> Passphrases.NONE;
          case GIVEN -> secrets().given();
          case ASKED -> secrets().passphrases();
        });
  }

  /** Whether what the command does with a disk takes the key of an encrypted one. */
  enum KeyNeed {
    NEVER,
    GIVEN,
    ASKED
  }

  KeyNeed need() {
    return KeyNeed.ASKED;
  }

  /** What was said of passphrases; a file or stream among them is read now. */
  final Secrets secrets() {
    if (secrets == null) {
      secrets = new Secrets(console(), objects, keys);
    }
    return secrets;
  }

  static void refuse(boolean wrong, String why) {
    if (wrong) {
      throw new DiskException(DiskException.Kind.OUT_OF_RANGE, why);
    }
  }

  /** A bar, if asked for and somebody looks. */
  final LongConsumer progress(boolean wanted, long total) {
    return wanted && !quiet ? new ProgressLine(console(), total) : done -> {};
  }

  /** For what only disks on a base can have done to them. */
  static void requireQcow2(String label) {
    if (!label.isEmpty() && format(label).orElseThrow() != DiskFormat.QCOW2) {
      throw new DiskException(DiskException.Kind.UNSUPPORTED, label + " disks stand on no base");
    }
  }

  final long sizeOf(String name) {
    return DiskFiles.sizeOf(path(name), DiskFormat.QCOW2);
  }

  static Map<String, Object> document(Object... namesAndValues) {
    Map<String, Object> fields = new java.util.LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      fields.put((String) namesAndValues[i], namesAndValues[i + 1]);
    }
    return fields;
  }
}
