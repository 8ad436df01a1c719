/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.snapshot;

import dev.caisson.vmm.VmmException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.List;

/**
 * SHA-256 of each {@link #CHUNK} bytes of a memory file. A chunk that is all zero has an empty
 * digest: it is a hole in the file.
 */
record MemoryDigests(List<byte[]> chunks) {
  static final int CHUNK = 2 << 20;
  private static final byte[] NONE = {};

  MemoryDigests {
    chunks = List.copyOf(chunks);
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /**
   * Reads the whole file.
   *
   * @throws VmmException BAD_IMAGE with the offset of the first chunk that was changed
   */
  void verify(Path file) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK);
    try (FileChannel channel = FileChannel.open(file)) {
      long size = channel.size();
      for (int i = 0; i < chunks.size(); i++) {
        long offset = (long) i * CHUNK;
        buffer.clear().limit((int) Math.max(0, Math.min(CHUNK, size - offset)));
        while (buffer.hasRemaining() && channel.read(buffer, offset + buffer.position()) >= 0) {
          // a read may be short
        }
        buffer.flip();
        if (!Arrays.equals(chunks.get(i), digest(buffer))) {
          throw VmmException.badImage(file.toString(), offset, "it was changed after it was saved");
        }
      }
    }
  }

  /** The digest, or none for zeroes. */
  static byte[] digest(ByteBuffer chunk) {
    if (isZero(chunk)) {
      return NONE;
    }
    MessageDigest digest = sha256();
    digest.update(chunk.duplicate());
    return digest.digest();
  }

  static boolean isZero(ByteBuffer chunk) {
    int words = chunk.remaining() & ~7;
    for (int i = 0; i < words; i += 8) {
      if (chunk.getLong(chunk.position() + i) != 0) {
        return false;
      }
    }
    for (int i = words; i < chunk.remaining(); i++) {
      if (chunk.get(chunk.position() + i) != 0) {
        return false;
      }
    }
    return true;
  }
}
