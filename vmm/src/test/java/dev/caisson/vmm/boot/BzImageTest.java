/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.vmm.VmmException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kernel images as they come, and as nobody should make them: line 54 of the security checklist.
 */
class BzImageTest {
  private static final byte[] KERNEL = "an ELF kernel, let us say".repeat(100).getBytes();

  @TempDir Path directory;

  private static byte[] gzip(byte[] content) throws IOException {
    var packed = new ByteArrayOutputStream();
    try (var out = new GZIPOutputStream(packed)) {
      out.write(content);
    }
    return packed.toByteArray();
  }

  /** A bzImage around a payload, with the unpacked size behind it as the kernel's build adds it. */
  private static ByteBuffer image(byte[] payload) {
    ByteBuffer image =
        ByteBuffer.allocate(1024 + payload.length + 4).order(ByteOrder.LITTLE_ENDIAN);
    image.put(0x1f1, (byte) 1).putInt(0x202, 0x53726448).putShort(0x206, (short) 0x20f);
    image.putInt(0x248, 0).putInt(0x24c, payload.length + 4);
    image.put(1024, payload);
    return image;
  }

  private static byte[] unpacked(ByteBuffer image) throws IOException {
    var target = new ByteArrayOutputStream();
    BzImage.parse(image).extract(target);
    return target.toByteArray();
  }

  @Test
  void aGzipKernelUnpacks() throws IOException {
    byte[] payload = gzip(KERNEL);
    // Its own last field is the size, so that nothing is appended; what is, does no harm.
    assertThat(unpacked(image(payload).putInt(0x24c, payload.length))).isEqualTo(KERNEL);
    assertThat(unpacked(image(payload))).isEqualTo(KERNEL);
  }

  @Test
  void anLz4KernelUnpacks() throws IOException {
    // Token 0x5f: 5 literals, match of 15+4+... bytes at distance 5; then 2 literals end the block.
    byte[] block = {0x5f, 'h', 'e', 'l', 'l', 'o', 5, 0, 1, 0x20, '!', '!'};
    ByteBuffer payload = ByteBuffer.allocate(8 + block.length).order(ByteOrder.LITTLE_ENDIAN);
    payload.putInt(0x184c2102).putInt(block.length).put(block);
    assertThat(new String(unpacked(image(payload.array())))).isEqualTo("hello".repeat(5) + "!!");
  }

  @Test
  void refusalsNameTheOffset() throws IOException {
    ByteBuffer noMagic = image(gzip(KERNEL)).putInt(0x202, 1);
    refused(noMagic, "0x202");
    refused(image(gzip(KERNEL)).putShort(0x206, (short) 0x200), "0x206");
    refused(image(gzip(KERNEL)).putInt(0x248, -16), "0x248");
    refused(image(gzip(KERNEL)).putInt(0x24c, 1 << 30), "0x248");
    refused(ByteBuffer.allocate(100), "0x64");
    refused(image(new byte[] {1, 2, 3, 4, 5, 6, 7, 8}), "0x400");
  }

  private static void refused(ByteBuffer image, String offset) {
    assertThatThrownBy(() -> unpacked(image))
        .isInstanceOf(VmmException.class)
        .hasMessageContaining("offset " + offset + ":");
  }

  @Test
  void scribbledPayloadsAreRefusedOrUnpack() throws IOException {
    var random = new Random(54);
    byte[] packed = gzip(KERNEL);
    for (int round = 0; round < 300; round++) {
      byte[] scribbled = packed.clone();
      scribbled[2 + random.nextInt(scribbled.length - 2)] ^= (byte) (1 + random.nextInt(255));
      try {
        unpacked(image(scribbled));
      } catch (VmmException e) {
        assertThat(e.kind()).isEqualTo(VmmException.Kind.BAD_IMAGE);
      }
    }
  }

  @Test
  void scribbledElfFilesAreRefusedOrSane() throws IOException {
    var random = new Random(55);
    for (int round = 0; round < 500; round++) {
      ByteBuffer file = ByteBuffer.allocate(512).order(ByteOrder.LITTLE_ENDIAN);
      file.putInt(0, 0x464c457f).put(4, (byte) 2).put(5, (byte) 1).putShort(18, (short) 62);
      file.putLong(32, 64).putShort(54, (short) 56).putShort(56, (short) 2);
      for (int i = 0; i < 20; i++) {
        file.put(64 + random.nextInt(112), (byte) random.nextInt(6));
      }
      Path path = directory.resolve("elf");
      Files.write(path, file.array());
      try (FileChannel channel = FileChannel.open(path)) {
        assertThat(ElfKernel.parse(channel).segments()).isNotEmpty();
      } catch (VmmException e) {
        assertThat(e.kind()).isEqualTo(VmmException.Kind.BAD_IMAGE);
      }
    }
  }
}
