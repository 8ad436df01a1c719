/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.boot;

import dev.caisson.vmm.VmmException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Unpacked kernels, kept by the digest of the packed ones: unpacking costs seconds, reading none.
 */
public final class KernelCache {
  private final Path directory;

  public KernelCache(Path directory) {
    this.directory = directory;
  }

  /**
   * The ELF kernel for a file that is one, or a bzImage that holds one.
   *
   * @throws VmmException BAD_IMAGE
   */
  public Path unpacked(Path kernel) throws IOException {
    try (FileChannel file = FileChannel.open(kernel, StandardOpenOption.READ)) {
      ByteBuffer image = file.map(FileChannel.MapMode.READ_ONLY, 0, file.size());
      if (!BzImage.looksLike(image)) {
        ElfKernel.parse(file);
        return kernel;
      }
      Path cached = directory.resolve("vmlinux-" + digest(image));
      if (!Files.exists(cached)) {
        unpack(BzImage.parse(image), cached);
      }
      return cached;
    }
  }

  private void unpack(BzImage image, Path cached) throws IOException {
    Files.createDirectories(directory);
    Path partial = Files.createTempFile(directory, "vmlinux", ".part");
    try {
      try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(partial), 1 << 16)) {
        image.extract(out);
      }
      try (FileChannel unpacked =
          FileChannel.open(partial, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        ElfKernel.parse(unpacked);
        unpacked.force(true); // kept for long: a power cut must not leave half of it under its name
      }
      Files.move(partial, cached, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(partial);
    }
  }

  private static String digest(ByteBuffer image) {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      sha256.update(image.duplicate());
      return HexFormat.of().formatHex(sha256.digest(), 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
