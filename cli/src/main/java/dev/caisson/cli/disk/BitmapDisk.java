/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.cli.words.Words;
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

@Command(name = "bitmap", description = "Add, change or remove a dirty bitmap")
final class BitmapDisk extends DiskCommand {
  private final List<Action> actions = new ArrayList<>();
  private String source = "";
  private String sourceFormat = "";
  private String granularity = "";
  private String format = "";
  private String file = "";
  private String name = "";

  /** One thing to do, with the bitmap it takes from, if it does. */
  private record Action(String option, String argument) {}

  @Override
  void declare(Words words) {
    words.flag(
        "a bitmap in which nothing is dirty, recording writes", () -> does("--add", ""), "--add");
    words.flag("the bitmap, also an inconsistent one", () -> does("--remove", ""), "--remove");
    words.flag("nothing is dirty any more", () -> does("--clear", ""), "--clear");
    words.flag("record writes", () -> does("--enable", ""), "--enable");
    words.flag("record no writes", () -> does("--disable", ""), "--disable");
    words.value(
        "BITMAP", "take what this one has as dirty", value -> does("--merge", value), "--merge");
    words.value(
        "FILE",
        "the disk of the bitmaps to merge, if it is another",
        value -> source = value,
        "-b");
    words.value("FORMAT", "its format", value -> sourceFormat = value, "-F");
    words.value(
        "SIZE",
        "bytes a bit of the new bitmap stands for; default: a cluster, 4k to 64k",
        value -> granularity = value,
        "-g");
    words.value("FORMAT", "the format, instead of looking", value -> format = value, "-f");
    words.argument("FILE", "the disk", value -> file = value);
    words.argument("BITMAP", "the bitmap's name", value -> name = value);
  }

  @Override
  KeyNeed need() {
    return KeyNeed.NEVER;
  }

  @Override
  int run() {
    refuse(
        actions.isEmpty(),
        "say what to do: --add, --remove, --clear, --enable, --disable or --merge BITMAP");
    refuse(!granularity.isEmpty() && !asked("--add"), "-g is for a new bitmap: --add");
    refuse(!source.isEmpty() && !asked("--merge"), "-b goes with --merge");
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

  /** Kept in the order of the command line, in which qemu-img does them. */
  private void does(String option, String argument) {
    actions.add(new Action(option, argument));
  }

  private boolean asked(String option) {
    return actions.stream().anyMatch(action -> action.option.equals(option));
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
