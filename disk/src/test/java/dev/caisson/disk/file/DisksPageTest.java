/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.file;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.disk.AsyncDisk;
import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.Layered;
import dev.caisson.disk.Snapshots;
import dev.caisson.disk.nbd.client.NbdDisk;
import dev.caisson.disk.nbd.client.NbdOptions;
import dev.caisson.disk.nbd.client.NbdUri;
import dev.caisson.disk.nbd.server.NbdExport;
import dev.caisson.disk.nbd.server.NbdServer;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples of docs/disks.md: each is run here, and stands there word for word. */
class DisksPageTest {
  private static final Path PAGE = Path.of("../docs/disks.md");

  @TempDir Path folder;

  @BeforeEach
  void base() throws IOException {
    var bytes = new byte[1 << 20];
    Arrays.fill(bytes, (byte) 1);
    Files.write(folder.resolve("base.raw"), bytes);
  }

  @Test
  void theExamplesOfThePageAreTheseOnes() throws IOException {
    String source =
        Files.readString(
            Path.of("src/test/java")
                .resolve(DisksPageTest.class.getName().replace('.', '/') + ".java"));
    String page = Files.readString(PAGE);
    List<String> examples =
        Arrays.stream(page.split("```java\n")).skip(1).map(rest -> rest.split("```")[0]).toList();
    assertThat(examples).hasSizeGreaterThanOrEqualTo(4);
    assertThat(examples).allSatisfy(example -> assertThat(plain(source)).contains(plain(example)));
  }

  private static String plain(String code) {
    return code.lines().map(String::strip).collect(Collectors.joining("\n")).strip();
  }

  @Test
  void aChildIsWrittenKeptAndRead() {
    DiskFiles.createChild(folder.resolve("web.qcow2"), "base.raw", DiskFormat.RAW);
    try (var disk = DiskFiles.open(folder.resolve("web.qcow2"), DiskOptions.WRITE)) {
      disk.write(4096, "hello".getBytes(UTF_8));
      disk.flush();
      if (disk instanceof Snapshots kept) {
        kept.createSnapshot("before the upgrade");
      }
      byte[] back = disk.read(4096, 5);
      assertThat(back).isEqualTo("hello".getBytes(UTF_8));
      assertThat(((Snapshots) disk).snapshots()).hasSize(1);
    }
  }

  @Test
  void aChainIsOneDisk() {
    DiskFiles.createChild(folder.resolve("database.qcow2"), "base.raw", DiskFormat.RAW);
    DiskFiles.createChild(folder.resolve("web.qcow2"), "database.qcow2", DiskFormat.QCOW2);
    try (Disk disk = DiskFiles.open(folder.resolve("web.qcow2"), DiskOptions.READ)) {
      List<String> files = ((Layered) disk).chain(); // web.qcow2, database.qcow2, base.raw
      var buffer = ByteBuffer.allocateDirect(64 << 10);
      disk.read(512 << 10, buffer); // a range, from whichever file holds it
      assertThat(files).hasSize(3);
      assertThat(buffer.flip().get(0)).isEqualTo((byte) 1);
    }
  }

  @Test
  void requestsCanBeFutures() {
    DiskFiles.createChild(folder.resolve("web.qcow2"), "base.raw", DiskFormat.RAW);
    try (var disk = AsyncDisk.of(DiskFiles.open(folder.resolve("web.qcow2"), DiskOptions.WRITE))) {
      byte[] back =
          disk.write(4096, ByteBuffer.wrap("hello".getBytes(UTF_8)))
              .thenCompose(written -> disk.flush())
              .thenCompose(stable -> disk.read(4096, 5))
              .join();
      assertThat(back).isEqualTo("hello".getBytes(UTF_8));
    }
  }

  @Test
  void aDiskIsServedAndUsed() throws IOException {
    Path socket = folder.resolve("web.sock");
    DiskFiles.createChild(folder.resolve("web.qcow2"), "base.raw", DiskFormat.RAW);
    try (var disk = DiskFiles.open(folder.resolve("web.qcow2"), DiskOptions.WRITE);
        var server =
            NbdServer.builder()
                .export(NbdExport.of("web", disk))
                .listen(UnixDomainSocketAddress.of(socket))
                .start();
        var remote =
            NbdDisk.open(NbdUri.parse("nbd+unix:///web?socket=" + socket), NbdOptions.WRITE)) {
      remote.write(0, "over the socket".getBytes(UTF_8));
      assertThat(disk.read(0, 4)).isEqualTo("over".getBytes(UTF_8));
      assertThat(server.addresses()).hasSize(1);
    }
  }
}
