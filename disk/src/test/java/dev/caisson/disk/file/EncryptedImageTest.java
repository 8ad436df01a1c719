/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.Tools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** qcow2 with LUKS inside, against qemu-img and qemu-io in both directions. */
@Tag("integration")
class EncryptedImageTest {
  private static final int SIZE = 4 << 20;
  private static final String SECRET = "secret,id=s,data=open sesame";

  @TempDir Path folder;
  private Path image;

  @BeforeEach
  void create() {
    Tools.need("qemu-img", "qemu-io");
    image = folder.resolve("x.qcow2");
    Tools.run(
        "qemu-img",
        "create",
        "-q",
        "--object",
        SECRET,
        "-f",
        "qcow2",
        "-o",
        "encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10",
        image.toString(),
        Integer.toString(SIZE));
  }

  @Test
  void whatQemuEncryptsWeReadAndTheOtherWayRound() throws IOException {
    var model = new byte[SIZE];
    var random = new Random(5);
    for (int round = 0; round < 3; round++) {
      qemuWrites(model, random);
      try (var disk = DiskFiles.open(image, DiskOptions.WRITE.withPassword("open sesame"))) {
        assertThat(disk.read(0, SIZE)).isEqualTo(model);
        for (int i = 0; i < 30; i++) {
          int offset = random.nextInt(SIZE);
          var bytes = new byte[random.nextInt(Math.min(SIZE - offset, 200_000))];
          random.nextBytes(bytes);
          disk.write(offset, bytes);
          System.arraycopy(bytes, 0, model, offset, bytes.length);
        }
      }
      assertThat(Arrays.equals(qemuReads(), model)).as("round " + round).isTrue();
      Tools.run("qemu-img", "check", "-q", "--object", SECRET, "--image-opts", options());
    }
  }

  @Test
  void theBytesOfTheFileTellNothing() throws IOException {
    var text = "a secret of the guest, told twice; ".repeat(1000).getBytes();
    try (var disk = DiskFiles.open(image, DiskOptions.WRITE.withPassword("open sesame"))) {
      disk.write(100_000, text);
    }
    assertThat(new String(Files.readAllBytes(image), java.nio.charset.StandardCharsets.ISO_8859_1))
        .doesNotContain("secret of the guest");
  }

  @Test
  void withoutTheRightPasswordNothingIsReadOrWritten() {
    assertThatThrownBy(
            () -> DiskFiles.open(image, DiskOptions.READ.withPassword("open barley")).close())
        .isInstanceOfSatisfying(
            DiskException.class,
            told -> assertThat(told.kind()).isEqualTo(DiskException.Kind.SECRET));
    try (var disk = DiskFiles.open(image, DiskOptions.WRITE)) {
      assertThat(disk.size()).isEqualTo(SIZE);
      assertThatThrownBy(() -> disk.read(0, 1)).hasMessageContaining("password");
      assertThatThrownBy(() -> disk.write(0, new byte[1])).hasMessageContaining("password");
    }
  }

  private String options() {
    return "driver=qcow2,encrypt.key-secret=s,file.filename=" + image;
  }

  private void qemuWrites(byte[] model, Random random) {
    for (int i = 0; i < 4; i++) {
      int offset = random.nextInt(SIZE - 300_000) & -512;
      int length = 512 * (1 + random.nextInt(500));
      int pattern = 1 + random.nextInt(255);
      String write = "write -P %d %d %d".formatted(pattern, offset, length);
      Tools.run("qemu-io", "--object", SECRET, "--image-opts", "-c", write, options());
      Arrays.fill(model, offset, offset + length, (byte) pattern);
    }
  }

  private byte[] qemuReads() throws IOException {
    Path flat = folder.resolve("flat");
    Tools.run(
        "qemu-img",
        "convert",
        "--object",
        SECRET,
        "--image-opts",
        "-O",
        "raw",
        options(),
        "" + flat);
    return Files.readAllBytes(flat);
  }
}
