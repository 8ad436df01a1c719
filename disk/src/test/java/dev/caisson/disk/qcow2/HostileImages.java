/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** Makes images that ask for as much memory and time as their format allows, and more. */
final class HostileImages {
  private static final long L1_ENTRIES = 4 << 20;
  private final Path folder;
  private final List<Path> made = new ArrayList<>();

  private HostileImages(Path folder) {
    this.folder = folder;
  }

  static List<Path> in(Path folder) throws IOException {
    var images = new HostileImages(folder);
    images.headers();
    images.tables();
    return images.made;
  }

  /** Fields of the header: name, place, width in bytes, value. */
  private void headers() throws IOException {
    Object[][] fields = {
      {"largest L1 table", 36, 4, L1_ENTRIES},
      {"larger L1 table", 36, 4, L1_ENTRIES + 1},
      {"negative L1 size", 36, 4, -1L},
      {"L1 at the end of numbers", 40, 8, Long.MAX_VALUE & -65536L},
      {"L1 in the header", 40, 8, 0L},
      {"largest disk", 24, 8, Long.MAX_VALUE & -512L},
      {"negative disk", 24, 8, -512L},
      {"2 MiB clusters", 20, 4, 21L},
      {"clusters of 2^31", 20, 4, 31L},
      {"largest refcount table", 56, 4, 128L},
      {"refcount table of 2^31 clusters", 56, 4, 0x7fff_ffffL},
      {"65536 snapshots", 60, 4, 65_536L},
      {"2^31 snapshots", 60, 4, 0x7fff_ffffL},
      {"snapshots past the end", 64, 8, 1L << 60},
      {"header of 2^31 bytes", 100, 4, 0x7fff_fff8L},
      {"header of a whole cluster", 100, 4, 65_536L},
      {"backing name of 2^31 bytes", 16, 4, 0x7fff_ffffL},
      {"refcounts of 2^63 bits", 96, 4, 63L}
    };
    for (Object[] field : fields) {
      Path image = image((String) field[0]);
      if (field[0].toString().contains("snapshots") && (int) field[1] == 60) {
        put(image, 64, 8, 1 << 16);
      }
      if (field[0].toString().startsWith("backing")) {
        put(image, 8, 8, 200);
      }
      put(image, (int) field[1], (int) field[2], (long) field[3]);
    }
  }

  /** Tables that are large and full, sparse on the host so that they cost their maker nothing. */
  private void tables() throws IOException {
    Path wide = image("a disk of 2 EiB with all its L1");
    put(wide, 24, 8, L1_ENTRIES << 29);
    put(wide, 36, 4, L1_ENTRIES);
    put(wide, 40, 8, 1 << 20);
    put(wide, (1 << 20) + 8 * L1_ENTRIES, 1, 0);
    Path snapshots = image("snapshots whose L1 tables are the largest");
    put(snapshots, 60, 4, 1000);
    put(snapshots, 64, 8, 1 << 20);
    for (int i = 0; i < 1000; i++) {
      long at = (1 << 20) + i * 64L;
      put(snapshots, at, 8, 1 << 16);
      put(snapshots, at + 8, 4, L1_ENTRIES);
      put(snapshots, at + 36, 4, 16); // extra data
    }
    put(snapshots, (1 << 20) + (16 << 20), 1, 0);
    Path extra = image("a snapshot with 2 GiB of extra data");
    put(extra, 60, 4, 1);
    put(extra, 64, 8, 1 << 20);
    put(extra, (1 << 20) + 36, 4, 0x7fff_ffffL);
    put(extra, 1L << 32, 1, 0);
    Path loop = image("an L2 table that is the L1 table");
    put(loop, l1(loop), 8, 1L << 63 | l1(loop));
    Path blocks = image("a refcount block that is the header");
    put(blocks, 1 << 16, 8, 1 << 16);
  }

  private Path image(String name) throws IOException {
    Path path = folder.resolve(name.replace(' ', '-') + ".qcow2");
    try (var disk = Images.create(path, Qcow2Format.DEFAULT, 1 << 20)) {
      disk.write(0, new byte[200_000]);
    }
    made.add(path);
    return path;
  }

  private static long l1(Path image) throws IOException {
    return ByteBuffer.wrap(Files.readAllBytes(image)).getLong(40);
  }

  private static void put(Path image, long at, int width, long value) throws IOException {
    var bytes = ByteBuffer.allocate(8).putLong(0, value).position(8 - width);
    try (var file = FileChannel.open(image, StandardOpenOption.WRITE)) {
      file.write(bytes, at);
    }
  }
}
