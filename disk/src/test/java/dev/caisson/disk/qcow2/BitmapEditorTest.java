/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.disk.DirtyBitmap;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.Fuzzing;
import dev.caisson.disk.MemoryStorage;
import dev.caisson.disk.qcow2.check.Repair;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Edits of the list of bitmaps, in any order, on any image. */
class BitmapEditorTest {
  private static final long SIZE = 1 << 20;

  private static MemoryStorage image(int clusterSize) {
    var storage = new MemoryStorage(new byte[0]);
    Qcow2Format.DEFAULT.withClusterSize(clusterSize).write(storage, SIZE);
    return storage;
  }

  private static Qcow2Disk open(MemoryStorage storage) {
    return Qcow2Disk.open(storage, Qcow2Access.PLAIN);
  }

  @Test
  void namesAreUniqueAndKnown() {
    try (var disk = open(image(1 << 16))) {
      var editor = disk.bitmapEditor();
      editor.add("one", 1 << 16, true);
      assertThatThrownBy(() -> editor.add("one", 1 << 16, true)).hasMessageContaining("already");
      assertThatThrownBy(() -> editor.clear("two")).hasMessageContaining("it has [one]");
      assertThatThrownBy(() -> editor.add("", 1 << 16, true)).isInstanceOf(DiskException.class);
      assertThatThrownBy(() -> editor.add("x", 1 << 8, true)).hasMessageContaining("512");
      assertThatThrownBy(() -> editor.add("x", 3 << 9, true)).hasMessageContaining("512");
      editor.removeAll();
      assertThat(disk.dirtyBitmaps()).isEmpty();
    }
  }

  /** A model of names and dirty bits beside the image; after each round the image is clean. */
  @Test
  void anyOrderOfEditsLeavesACleanImage() {
    Fuzzing.repeat(random -> {
      var storage = image(1 << (9 + random.nextInt(8)));
      var model = new TreeMap<String, boolean[]>();
      for (int round = 0; round < 3; round++) {
        try (var disk = open(storage)) {
          for (int i = 0; i < 6; i++) {
            edit(disk, model, random);
          }
          assertThat(disk.check(Repair.Extent.NONE).messages()).isEmpty();
          compare(disk, model);
        }
      }
    });
  }

  private static void edit(Qcow2Disk disk, TreeMap<String, boolean[]> model, Random random) {
    var editor = disk.bitmapEditor();
    List<String> names = new ArrayList<>(model.keySet());
    String name = names.isEmpty() ? "" : names.get(random.nextInt(names.size()));
    switch (random.nextInt(6)) {
      case 0 -> {
        String fresh = "b" + random.nextInt(1000);
        if (!model.containsKey(fresh)) {
          editor.add(fresh, 1 << 12, true);
          model.put(fresh, new boolean[(int) (SIZE >> 12)]);
        }
      }
      case 1 -> {
        if (!name.isEmpty()) {
          editor.remove(name);
          model.remove(name);
        }
      }
      case 2 -> {
        if (!name.isEmpty()) {
          editor.clear(name);
          model.put(name, new boolean[(int) (SIZE >> 12)]);
        }
      }
      case 3 -> {
        if (!name.isEmpty()) {
          String from = names.get(random.nextInt(names.size()));
          editor.merge(name, find(disk, from), SIZE);
          for (int i = 0; i < model.get(name).length; i++) {
            model.get(name)[i] |= model.get(from)[i];
          }
        }
      }
      default -> {
        int at = random.nextInt((int) SIZE - 9000);
        int length = 1 + random.nextInt(9000);
        disk.write(at, new byte[length]);
        for (boolean[] bits : model.values()) {
          for (int bit = at >> 12; bit <= (at + length - 1) >> 12; bit++) {
            bits[bit] = true;
          }
        }
      }
    }
  }

  private static DirtyBitmap find(Qcow2Disk disk, String name) {
    return disk.dirtyBitmaps().stream()
        .filter(bitmap -> bitmap.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static void compare(Qcow2Disk disk, TreeMap<String, boolean[]> model) {
    assertThat(disk.dirtyBitmaps().stream().map(DirtyBitmap::name))
        .containsExactlyInAnyOrderElementsOf(model.keySet());
    model.forEach((name, bits) -> {
      var bitmap = find(disk, name);
      for (int i = 0; i < bits.length; i++) {
        assertThat(bitmap.dirty((long) i << 12)).as(name + " bit " + i).isEqualTo(bits[i]);
      }
    });
  }
}
