/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.DirtyBitmap;
import dev.caisson.disk.DirtyBitmaps;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.file.ByteCount;
import dev.caisson.disk.file.DiskFiles;
import dev.caisson.disk.qcow2.Qcow2Disk;
import dev.caisson.disk.qcow2.bitmap.BitmapEditor;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "bitmap", description = "Add, change or remove a dirty bitmap")
final class BitmapDisk extends DiskCommand {
  @Option(names = "--add", description = "a bitmap in which nothing is dirty, recording writes")
  boolean add;

  @Option(names = "--remove", description = "the bitmap, also an inconsistent one")
  boolean remove;

  @Option(names = "--clear", description = "nothing is dirty any more")
  boolean clear;

  @Option(names = "--enable", description = "record writes")
  boolean enable;

  @Option(names = "--disable", description = "record no writes")
  boolean disable;

  @Option(names = "--merge", paramLabel = "BITMAP", description = "take what this one has as dirty")
  String[] merged = {};

  @Option(
      names = "-b",
      paramLabel = "FILE",
      defaultValue = "",
      description = "the disk of the bitmaps to merge, if it is another")
  String source = "";

  @Option(names = "-F", paramLabel = "FORMAT", defaultValue = "", description = "its format")
  String sourceFormat = "";

  @Option(
      names = "-g",
      paramLabel = "SIZE",
      defaultValue = "",
      description = "bytes a bit of the new bitmap stands for; default: a cluster, 4k to 64k")
  String granularity = "";

  @Option(
      names = "-f",
      paramLabel = "FORMAT",
      defaultValue = "",
      description = "the format, instead of looking")
  String format = "";

  @Parameters(index = "0", paramLabel = "FILE", description = "the disk")
  String file = "";

  @Parameters(index = "1", paramLabel = "BITMAP", description = "the bitmap's name")
  String name = "";

  /** picocli puts the real one here. */
  @Spec CommandSpec spec = CommandSpec.create();

  /** One thing to do, with the bitmap it takes from, if it does. */
  private record Action(String option, String argument) {}

  @Override
  KeyNeed need() {
    return KeyNeed.NEVER;
  }

  @Override
  int run() {
    var actions = actions();
    refuse(
        actions.isEmpty(),
        "say what to do: --add, --remove, --clear, --enable, --disable or --merge BITMAP");
    refuse(!granularity.isEmpty() && !add, "-g is for a new bitmap: --add");
    refuse(!source.isEmpty() && merged.length == 0, "-b goes with --merge");
    refuse(!sourceFormat.isEmpty() && source.isEmpty(), "-F goes with -b");
    try (var disk = open(file, reading(format, false).withWritable(true).withAlone(true))) {
      if (!(disk instanceof Qcow2Disk image)) {
        throw new DiskException(
            DiskException.Kind.UNSUPPORTED,
            "%s: a %s disk keeps no bitmaps; only qcow2 does".formatted(file, disk.format()));
      }
      for (var action : actions) {
        perform(action, image, image.bitmapEditor());
      }
    }
    return 0;
  }

  /** In the order of the command line, as qemu-img does them. */
  private List<Action> actions() {
    List<Action> found = new ArrayList<>();
    int taken = 0;
    for (String word : spec.commandLine().getParseResult().originalArgs()) {
      String option = word.startsWith("--merge=") ? "--merge" : word;
      switch (option) {
        case "--add", "--remove", "--clear", "--enable", "--disable" ->
            found.add(new Action(option, ""));
        case "--merge" -> {
          if (taken < merged.length) {
            found.add(new Action(option, merged[taken++]));
          }
        }
        default -> {
          // No action.
        }
      }
    }
    return found;
  }

  private void perform(Action action, Qcow2Disk image, BitmapEditor editor) {
    switch (action.option) {
      case "--add" ->
          editor.add(
              name,
              granularity.isEmpty() ? editor.defaultGranularity() : ByteCount.parse(granularity),
              true);
      case "--remove" -> editor.remove(name);
      case "--clear" -> editor.clear(name);
      case "--enable" -> editor.record(name, true);
      case "--disable" -> editor.record(name, false);
      default -> merge(action.argument, image, editor);
    }
  }

  private void merge(String from, Qcow2Disk image, BitmapEditor editor) {
    if (source.isEmpty()) {
      editor.merge(name, find(image, from, file), image.size());
      return;
    }
    try (var other = DiskFiles.open(path(source), reading(sourceFormat, false).withAlone(true))) {
      if (!(other instanceof DirtyBitmaps kept)) {
        throw new DiskException(
            DiskException.Kind.UNSUPPORTED,
            "%s: a %s disk keeps no bitmaps".formatted(source, other.format()));
      }
      editor.merge(name, find(kept, from, source), other.size());
    }
  }

  private static DirtyBitmap find(DirtyBitmaps kept, String name, String file) {
    return kept.dirtyBitmaps().stream()
        .filter(bitmap -> bitmap.name().equals(name))
        .findFirst()
        .orElseThrow(() ->
            new DiskException(
                DiskException.Kind.MISSING,
                "%s: has no bitmap '%s'; it has %s"
                    .formatted(
                        file, name, kept.dirtyBitmaps().stream().map(DirtyBitmap::name).toList())));
  }
}
