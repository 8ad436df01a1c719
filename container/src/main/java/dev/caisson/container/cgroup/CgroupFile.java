/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.cgroup;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** The kernel's files of a control group: one value, or "name value" lines. */
final class CgroupFile {
  private CgroupFile() {}

  static void write(Path file, String value) {
    writeAll(file, List.of(value));
  }

  /** Each value in a write of its own, as the kernel takes one setting at a time. */
  static void writeAll(Path file, List<String> values) {
    String current = "";
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      for (String value : values) {
        current = value;
        channel.write(ByteBuffer.wrap(value.getBytes(StandardCharsets.UTF_8)));
      }
    } catch (IOException refused) {
      throw new CgroupException(
          "write \"" + current + "\" to " + file + ": " + refused.getMessage(), refused);
    }
  }

  /** As {@link #write}, where a kernel without this file means that there is nothing to limit. */
  static boolean writeIfPresent(Path file, String value) {
    if (!Files.exists(file)) {
      return false;
    }
    write(file, value);
    return true;
  }

  static String read(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException failed) {
      throw new CgroupException("read " + file + ": " + failed.getMessage(), failed);
    }
  }

  /** The text, or nothing where the kernel does not have the file. */
  static String readIfPresent(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (NoSuchFileException absent) {
      return "";
    } catch (IOException failed) {
      throw new CgroupException("read " + file + ": " + failed.getMessage(), failed);
    }
  }

  /** A number; empty for "max", or where the kernel does not have the file. */
  static OptionalLong number(Path file) {
    String text = readIfPresent(file);
    return text.isEmpty() || text.equals("max")
        ? OptionalLong.empty()
        : OptionalLong.of(Long.parseLong(text));
  }

  /** Lines of a name and a number. */
  static Map<String, Long> table(Path file) {
    var table = new HashMap<String, Long>();
    for (String line : readIfPresent(file).split("\n")) {
      int space = line.lastIndexOf(' ');
      if (space > 0) {
        table.put(line.substring(0, space), Long.parseLong(line.substring(space + 1)));
      }
    }
    return table;
  }

  /** Numbers, one a line. */
  static List<Integer> numbers(Path file) {
    return readIfPresent(file)
        .lines()
        .filter(line -> !line.isEmpty())
        .map(Integer::valueOf)
        .toList();
  }
}
