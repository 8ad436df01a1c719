/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.DeviceNumber;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.ExtendedAttributes;
import dev.caisson.linux.file.FileTime;
import dev.caisson.linux.file.FileType;
import dev.caisson.linux.file.OpenFile;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.rootfs.RootfsException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TreeCopyTest {
  private static final byte[] NOTE = "yes".getBytes(StandardCharsets.US_ASCII);

  @TempDir Path directory;
  private Path source;
  private Path target;

  @BeforeEach
  void makeDirectories() throws IOException {
    source = Files.createDirectory(directory.resolve("source"));
    target = Files.createDirectory(directory.resolve("target"));
  }

  private void copy() {
    try (var from = Directory.open(source);
        var to = Directory.open(target)) {
      TreeCopy.of(from, to);
    }
  }

  /** Between file systems of two kinds the kernel copies nothing by itself. */
  @Test
  void filesReachAnotherFileSystem() throws IOException {
    Path memory = Path.of("/dev/shm");
    assumeTrue(
        Files.isWritable(memory)
            && !Files.getFileStore(memory).type().equals(Files.getFileStore(directory).type()),
        "needs a second kind of file system");
    Path apart = Files.createTempDirectory(memory, "caisson");
    try {
      byte[] content = new byte[(3 << 20) + 5];
      new Random(11).nextBytes(content);
      Files.write(source.resolve("file"), content);
      try (var from = Directory.open(source);
          var to = Directory.open(apart)) {
        TreeCopy.of(from, to);
      }
      assertThat(Files.readAllBytes(apart.resolve("file"))).isEqualTo(content);
    } finally {
      Files.deleteIfExists(apart.resolve("file"));
      Files.delete(apart);
    }
  }

  @Test
  void filesLinksTimesAndModesAreTheSame() throws IOException {
    Files.createDirectories(source.resolve("a/b"));
    Files.writeString(source.resolve("a/b/grüße"), "content");
    Files.createLink(source.resolve("a/second"), source.resolve("a/b/grüße"));
    Files.createSymbolicLink(source.resolve("a/link"), Path.of("/nowhere"));
    try (var a = Directory.open(source.resolve("a"))) {
      a.makeNode("pipe", FileType.FIFO, 0600, new DeviceNumber(0, 0));
      a.changePermissions("b", 01750);
      a.changeTimes("b", null, new FileTime(1234, 5678));
    }
    ExtendedAttributes.of(source.resolve("a/b")).set("user.note", NOTE);
    copy();
    assertThat(target.resolve("a/b/grüße")).hasContent("content");
    assertThat(Files.readSymbolicLink(target.resolve("a/link"))).isEqualTo(Path.of("/nowhere"));
    try (var a = Directory.open(target.resolve("a"))) {
      var b = a.status("b");
      assertThat(b.permissions()).isEqualTo(01750);
      assertThat(b.modified()).isEqualTo(new FileTime(1234, 5678));
      assertThat(a.status("pipe").type()).isEqualTo(FileType.FIFO);
      assertThat(a.status("second").links()).isEqualTo(2);
    }
    assertThat(ExtendedAttributes.of(target.resolve("a/b")).get("user.note")).contains(NOTE);
    Files.writeString(target.resolve("a/second"), "changed");
    assertThat(source.resolve("a/b/grüße")).hasContent("content");
  }

  @Test
  void holesStayHoles() throws IOException {
    try (var file =
        FileChannel.open(
            source.resolve("sparse"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.wrap(NOTE), 8 << 20);
      file.write(ByteBuffer.wrap(NOTE), 64 << 20);
    }
    copy();
    assertThat(Files.mismatch(source.resolve("sparse"), target.resolve("sparse"))).isEqualTo(-1);
    try (var to = Directory.open(target)) {
      assertThat(to.status("sparse").allocated()).isLessThan(1 << 20);
    }
  }

  @Test
  void marksOfAnOverlayAreKept() {
    try (var from = Directory.open(source)) {
      from.makeNode("gone", FileType.CHARACTER_DEVICE, 0, new DeviceNumber(0, 0));
      from.makeDirectory("opaque", 0755);
      ExtendedAttributes.of(source.resolve("opaque")).set("trusted.overlay.opaque", NOTE);
    } catch (LinuxException e) {
      assumeTrue(false, "marks of overlays need root: " + e.getMessage());
    }
    copy();
    try (var to = Directory.open(target)) {
      assertThat(OverlayMarks.hides(to.status("gone"))).isTrue();
    }
    assertThat(ExtendedAttributes.of(target.resolve("opaque")).get("trusted.overlay.opaque"))
        .contains(NOTE);
  }

  @Test
  void whatIsThereAlreadyIsNotOverwritten() throws IOException {
    Files.writeString(source.resolve("file"), "new");
    Files.writeString(target.resolve("file"), "old");
    assertThatThrownBy(this::copy).isInstanceOf(RootfsException.class);
    try (var file = OpenFile.open(target.resolve("file"), 0, OpenFlag.READ)) {
      assertThat(file.status().size()).isEqualTo(3);
    }
    assertThat(target.resolve("file")).hasContent("old");
  }
}
