/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import dev.caisson.linux.Errno;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Which extended attributes a guest may see and set. Overlay keeps its own notes in "trusted." and
 * "user.overlay."; a guest that wrote them could name files outside of its tree.
 */
final class ExtendedName {
  private static final String CAPABILITY = "security.capability";

  private ExtendedName() {}

  static MemorySegment permitted(MemorySegment name) {
    byte[] bytes = name.asSlice(0, name.byteSize() - 1).toArray(ValueLayout.JAVA_BYTE);
    if (!permitted(bytes)) {
      throw Refusal.of(Errno.EOPNOTSUPP);
    }
    return name;
  }

  private static boolean permitted(byte[] bytes) {
    String name = new String(bytes, StandardCharsets.ISO_8859_1);
    return name.equals(CAPABILITY)
        || (name.startsWith("user.") && name.length() > 5 && !name.startsWith("user.overlay."));
  }

  /** Those of a list of NUL-terminated names that the guest may know. */
  static byte[] visible(MemorySegment names) {
    byte[] all = names.toArray(ValueLayout.JAVA_BYTE);
    var kept = new ByteArrayOutputStream();
    int start = 0;
    for (int i = 0; i < all.length; i++) {
      if (all[i] == 0) {
        if (permitted(Arrays.copyOfRange(all, start, i))) {
          kept.write(all, start, i + 1 - start);
        }
        start = i + 1;
      }
    }
    return kept.toByteArray();
  }
}
