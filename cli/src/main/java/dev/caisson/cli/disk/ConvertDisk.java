/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.cli.words.Words;
import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.convert.Conversion;
import dev.caisson.disk.convert.Joined;
import dev.caisson.disk.convert.Salvaged;
import dev.caisson.disk.file.ByteCount;
import dev.caisson.disk.file.DiskOptions;
import dev.caisson.disk.luks.LuksDisk;
import dev.caisson.disk.nbd.client.NbdUri;
import dev.caisson.disk.qcow2.Qcow2Format;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;

@Command(name = "convert", description = "Copy a disk into another format")
final class ConvertDisk extends DiskCommand {
  private String format = "";
  private String targetFormat = "raw";
  private String[] options = {};
  private String base = "";
  private String baseFormat = "";
  private boolean compressed;
  private boolean unordered;
  private int workers;
  private boolean showProgress;
  private String sparse = "4k";
  private boolean existing;
  private String snapshot = "";
  private String cache = "unsafe";
  private String sourceCache = "writeback";
  private String rate = "";
  private boolean offload;
  private boolean targetIsZero;
  private boolean salvage;
  private boolean bitmaps;
  private boolean skipBroken;
  private boolean encrypt;
  private final KeyOptions newKeys = KeyOptions.making();
  private boolean unlocked;
  private String[] files = {};

  @Override
  void declare(Words words) {
    words.value(
        "FORMAT", "format of the source, instead of looking", value -> format = value, "-f");
    words.value("FORMAT", "format of the target", value -> targetFormat = value, "-O");
    words.value(
        "NAME=VALUE,...",
        "options of the target's format",
        value -> options = Words.appended(options, value),
        "-o");
    words.value(
        "BASE",
        "base of the target, holding what the source's base holds",
        value -> base = value,
        "-B",
        "-b");
    words.value("FORMAT", "the base's format", value -> baseFormat = value, "-F");
    words.flag("compress", () -> compressed = true, "-c");
    words.flag("allow writes out of order (they always are)", () -> unordered = true, "-W");
    words.number("NUMBER", "parallel workers, 1 to 16", value -> workers = value, "-m");
    words.flag("show progress", () -> showProgress = true, "-p");
    words.value("SIZE", "leave out zeroes of this length", value -> sparse = value, "-S");
    words.flag("write into the target that exists", () -> existing = true, "-n");
    declareCopy(words);
    words.arguments(
        "DISK",
        "SOURCE... TARGET; several sources are joined",
        0,
        value -> files = Words.appended(files, value));
  }

  private void declareCopy(Words words) {
    words.value("SNAPSHOT", "copy this snapshot of the source", value -> snapshot = value, "-l");
    words.value("MODE", "cache mode of the target", value -> cache = value, "-t");
    words.value("MODE", "cache mode of the source", value -> sourceCache = value, "-T");
    words.value("RATE", "bytes a second, at most", value -> rate = value, "-r");
    words.flag("accepted: copies run through this process", () -> offload = true, "-C");
    words.flag(
        "the target that exists (-n) is all zeroes", () -> targetIsZero = true, "--target-is-zero");
    words.flag("take what cannot be read for zeroes", () -> salvage = true, "--salvage");
    words.flag("copy the dirty bitmaps of the source too", () -> bitmaps = true, "--bitmaps");
    words.flag("leave inconsistent ones behind", () -> skipBroken = true, "--skip-broken-bitmaps");
    words.flag(
        "encrypt the target with LUKS, for -O qcow2 and luks", () -> encrypt = true, "--encrypt");
    words.flag("read even while somebody writes", () -> unlocked = true, "-U", "--force-share");
    newKeys.declare(words);
  }

  @Override
  int run() {
    if (FormatOptions.help(options)) {
      FormatOptions.lines(targetFormat).forEach(this::print);
      return 0;
    }
    checkOptions();
    try (var from = source()) {
      convert(from, files[files.length - 1]);
      if (from instanceof Salvaged damaged && damaged.lost() > 0) {
        err().printf("caisson: %d bytes could not be read and are zeroes now%n", damaged.lost());
      }
    }
    return 0;
  }

  private void checkOptions() {
    var _ = syncing(sourceCache);
    refuse(files.length < 2, "convert needs a source and a target");
    refuse(targetIsZero && !existing, "--target-is-zero is for a target that exists: add -n");
    refuse(existing && options.length > 0, "-o is for a new target; leave it or -n out");
    refuse(workers < 0 || workers > 16, "-m takes 1 to 16 workers");
    refuse(
        !base.isEmpty() && files.length > 2, "joined sources have no base in common; leave -B out");
    refuse(skipBroken && !bitmaps, "--skip-broken-bitmaps goes with --bitmaps");
    refuse(bitmaps && files.length > 2, "joined sources have no bitmaps in common");
    refuse(bitmaps && !targetFormat.equals("qcow2"), "only qcow2 keeps bitmaps; say -O qcow2");
    refuse(
        !base.isEmpty() && baseFormat.isEmpty() && !existing,
        "say the format of the base with -F; it is never guessed");
  }

  private Disk source() {
    List<Disk> opened = new ArrayList<>();
    try {
      for (int i = 0; i < files.length - 1; i++) {
        opened.add(open(files[i], reading(format, unlocked), snapshot));
      }
    } catch (DiskException refused) {
      opened.forEach(Disk::close);
      throw refused;
    }
    Disk all = opened.size() == 1 ? opened.getFirst() : new Joined(opened);
    return salvage ? new Salvaged(all) : all;
  }

  private void convert(Disk from, String target) {
    DiskFormat to = format(targetFormat).orElseThrow();
    boolean remote = NbdUri.matches(target);
    if (remote && !existing) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED, target + ": an export is there already; say so with -n");
    }
    var ahead = Preallocation.OFF;
    boolean sync = syncing(cache);
    var opening =
        withSecret(DiskOptions.WRITE.withFormat(to).withSyncing(sync).withAlone(base.isEmpty()));
    if (!existing) {
      var made = new NewDisk(to, new FormatOptions(options), encrypt);
      refuse(
          compressed && (to != DiskFormat.QCOW2 || made.encrypted()),
          "only qcow2 without encryption can be compressed");
      ahead = made.preallocation();
      var passphrase = made.passphrase(secrets(), newKeys, target);
      made.make(path(target), shape(to), from.size(), passphrase);
      if (passphrase.isPresent()) {
        List<byte[]> its = List.of(passphrase.get());
        opening = opening.withPassphrases(disk -> its);
      }
    }
    refuse(compressed && to != DiskFormat.QCOW2, "only qcow2 can be compressed");
    try (var into = open(target, opening)) {
      ahead.layOut(into, 0);
      copy(from, into);
      if (bitmaps) {
        BitmapCopy.of(from, into, skipBroken, name -> err().println("caisson: " + name));
      }
      if (sync) {
        into.flush();
      }
    }
    ahead.reserve(path(target));
  }

  private Qcow2Format shape(DiskFormat to) {
    if (to != DiskFormat.QCOW2) {
      return Qcow2Format.DEFAULT;
    }
    Qcow2Format shape = new FormatOptions(options).qcow2();
    return base.isEmpty() ? shape : shape.withBacking(base, baseFormat);
  }

  private void copy(Disk from, Disk into) {
    int threads = workers > 0 ? workers : Runtime.getRuntime().availableProcessors();
    long zeroes = ByteCount.parse(sparse);
    boolean blank = (!existing || targetIsZero) && base.isEmpty() && !(into instanceof LuksDisk);
    Conversion.DEFAULT
        .withWorkers(Math.clamp(threads, 1, 16))
        .withSparse((int) Math.min(1 << 20, zeroes))
        .withCompressed(compressed)
        .withTargetReadsAsZero(blank && zeroes > 0)
        .withOwnOnly(!base.isEmpty())
        .run(from, into, progress(showProgress, from.size(), rate));
  }
}
