/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.Extent;
import dev.caisson.disk.Tools;
import dev.caisson.disk.nbd.client.NbdDisk;
import dev.caisson.disk.nbd.client.NbdOptions;
import dev.caisson.disk.nbd.client.NbdUri;
import dev.caisson.disk.nbd.server.NbdExport;
import dev.caisson.disk.nbd.server.NbdServer;
import dev.caisson.disk.nbd.server.NbdTls;
import dev.caisson.disk.nbd.tls.TlsFiles;
import dev.caisson.disk.raw.RawDisk;
import dev.caisson.disk.storage.FileStorage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Our server with everybody's clients, and our client with everybody's servers. */
@Tag("integration")
@Timeout(240)
class NbdInteropTest {
  private static final int SIZE = 8 << 20;

  @TempDir private Path folder;
  private final List<AutoCloseable> open = new ArrayList<>();

  @AfterEach
  void closeAll() throws Exception {
    for (var each : open.reversed()) {
      each.close();
    }
  }

  private NbdServer serve(NbdServer.Builder builder, Path file) {
    var disk = RawDisk.open(FileStorage.open(file, true, FileStorage.Sharing.LOCKED));
    open.add(disk);
    var server = builder.export(NbdExport.of("d", disk).describedAs("data")).start();
    open.add(server);
    return server;
  }

  private String serveUnix(Path file) {
    Path socket = folder.resolve("s.sock");
    serve(NbdServer.builder().listen(UnixDomainSocketAddress.of(socket)), file);
    return "nbd+unix:///d?socket=" + socket;
  }

  private Path mixed(String name) throws IOException {
    return Tools.mixedFile(folder.resolve(name), SIZE, 42);
  }

  private Path empty(String name) throws IOException {
    return Files.write(folder.resolve(name), new byte[SIZE]);
  }

  @Test
  void nbdcopyReadsAndWritesOurExports() throws Exception {
    Tools.need("nbdcopy");
    var source = mixed("source");
    Tools.run("nbdcopy", serveUnix(source), folder.resolve("copy").toString());
    assertThat(folder.resolve("copy")).hasSameBinaryContentAs(source);
    closeAll();
    open.clear();
    var target = empty("target");
    Tools.run("nbdcopy", "--flush", source.toString(), serveUnix(target));
    assertThat(target).hasSameBinaryContentAs(source);
  }

  @Test
  void qemuImgConvertsThroughOurExports() throws Exception {
    Tools.need("qemu-img");
    var source = mixed("source");
    String uri = serveUnix(source);
    Tools.run("qemu-img", "compare", "-f", "raw", "-F", "raw", source.toString(), uri);
    Path copy = folder.resolve("copy.qcow2");
    Tools.run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", uri, copy.toString());
    Tools.run("qemu-img", "convert", "-n", "-f", "qcow2", "-O", "raw", copy.toString(), uri);
    Tools.run("qemu-img", "compare", "-f", "raw", "-F", "qcow2", uri, copy.toString());
  }

  @Test
  void qemuIoUsesEveryCommand() throws Exception {
    Tools.need("qemu-io");
    String output =
        Tools.run(
            "qemu-io",
            "-f",
            "raw",
            "-c",
            "write -P 7 0 1M",
            "-c",
            "write -f -P 8 1000 10",
            "-c",
            "write -z -u 64k 64k",
            "-c",
            "write -z 256k 64k",
            "-c",
            "discard 512k 64k",
            "-c",
            "flush",
            "-c",
            "read -P 7 2000 60000",
            "-c",
            "read -P 8 1000 10",
            "-c",
            "read -P 0 64k 64k",
            "-c",
            "read -P 0 256k 64k",
            serveUnix(empty("disk")));
    assertThat(output).doesNotContain("failed").doesNotContain("rror");
  }

  @Test
  void nbdinfoMapsOurExtents() throws Exception {
    Tools.need("nbdinfo");
    Path file = folder.resolve("sparse");
    var disk = new MemoryDisk(SIZE);
    disk.write(MemoryDisk.BLOCK, new byte[] {1});
    Path socket = folder.resolve("m.sock");
    open.add(
        NbdServer.builder()
            .export(NbdExport.of("d", disk).withBitmap("odd"))
            .listen(UnixDomainSocketAddress.of(socket))
            .start());
    String uri = "nbd+unix:///d?socket=" + socket;
    assertThat(Tools.run("nbdinfo", "--map", uri).lines().map(line -> line.trim().split(" +")[2]))
        .containsExactly("3", "0", "3");
    assertThat(Tools.run("nbdinfo", "--map=qemu:dirty-bitmap:odd", uri).lines().count())
        .isEqualTo(SIZE / MemoryDisk.BLOCK);
    assertThat(file).doesNotExist();
  }

  private void start(Path socket, String... command) throws Exception {
    var process = new ProcessBuilder(command).inheritIO().start();
    open.add(() -> {
      process.destroy();
      if (!process.waitFor(5, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    });
    for (int i = 0; i < 3000 && !Files.exists(socket); i++) {
      Thread.sleep(10);
    }
    assertThat(socket).exists();
  }

  private void useAsDisk(String uri, byte[] expected) throws Exception {
    try (var disk = NbdDisk.open(NbdUri.parse(uri), NbdOptions.WRITE)) {
      assertThat(disk.size()).isEqualTo(expected.length);
      assertThat(disk.read(0, expected.length)).isEqualTo(expected);
      for (long at = 0; at < disk.size(); ) {
        Extent extent = disk.extent(at, disk.size() - at);
        if (extent.readsAsZero()) {
          assertThat(disk.read(at, (int) extent.length()))
              .isEqualTo(new byte[(int) extent.length()]);
        }
        at = extent.end();
      }
      disk.write(12_345, new byte[] {1, 2, 3});
      disk.writeZeroes(1 << 20, 1 << 20, true);
      disk.discard(4 << 20, 1 << 20);
      disk.flush();
      assertThat(disk.read(12_345, 3)).containsExactly(1, 2, 3);
      assertThat(disk.read(1 << 20, 1 << 20)).isEqualTo(new byte[1 << 20]);
      assertThatThrownBy(() -> disk.read(disk.size(), 1)).isInstanceOf(DiskException.class);
    }
  }

  @Test
  void qemuNbdServesOurClient() throws Exception {
    Tools.need("qemu-nbd");
    Path file = mixed("disk");
    Path socket = folder.resolve("q.sock");
    start(
        socket, "qemu-nbd", "-t", "-f", "raw", "-x", "d", "-k", socket.toString(), file.toString());
    useAsDisk("nbd+unix:///d?socket=" + socket, Files.readAllBytes(file));
  }

  @Test
  void nbdkitServesOurClient() throws Exception {
    Tools.need("nbdkit");
    Path file = mixed("disk");
    Path socket = folder.resolve("k.sock");
    start(socket, "nbdkit", "-f", "-U", socket.toString(), "file", file.toString());
    useAsDisk("nbd+unix:///d?socket=" + socket, Files.readAllBytes(file));
  }

  @Test
  void serversOfWholeSectorsServeOurClient() throws Exception {
    Tools.need("nbdkit");
    Path file = mixed("disk");
    Path socket = folder.resolve("k.sock");
    start(
        socket,
        "nbdkit",
        "-f",
        "-U",
        socket.toString(),
        "--filter=blocksize-policy",
        "file",
        file.toString(),
        "blocksize-minimum=4096",
        "blocksize-error-policy=error");
    useAsDisk("nbd+unix:///d?socket=" + socket, Files.readAllBytes(file));
  }

  @Test
  void oldServersServeOurClient() throws Exception {
    Tools.need("nbdkit");
    Path file = mixed("disk");
    Path socket = folder.resolve("k.sock");
    start(socket, "nbdkit", "-f", "--no-sr", "-U", socket.toString(), "file", file.toString());
    useAsDisk("nbd+unix:///d?socket=" + socket, Files.readAllBytes(file));
  }

  @Test
  void everybodyTalksTls() throws Exception {
    Tools.need("openssl", "qemu-img", "nbdinfo");
    Path keys = TlsKeys.make(folder.resolve("keys"));
    Path file = mixed("disk");
    var tls = new NbdTls(TlsFiles.server(keys), true, true);
    var anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    var server = serve(NbdServer.builder().listen(anyPort).tls(tls), file);
    int port = ((InetSocketAddress) server.addresses().getFirst()).getPort();

    String uri = "nbds://localhost:" + port + "/d?tls-certificates=" + keys;
    useAsDisk(uri, Files.readAllBytes(file));
    assertThat(Tools.run("nbdinfo", uri)).contains("newstyle-fixed with TLS");
    Tools.run(
        "qemu-img",
        "compare",
        "--object",
        "tls-creds-x509,id=t,endpoint=client,dir=" + keys,
        "--image-opts",
        "driver=raw,file.filename=" + file,
        "driver=nbd,host=localhost,port=%d,export=d,tls-creds=t".formatted(port));

    String plain = "nbd://localhost:" + port + "/d";
    assertThat(Tools.tryRun("nbdinfo", plain).exitCode()).isNotZero();
    assertThatThrownBy(() -> NbdDisk.open(NbdUri.parse(plain), NbdOptions.READ))
        .hasMessageContaining("wants TLS");
    Path strangers = TlsKeys.make(folder.resolve("strangers"));
    assertThatThrownBy(() ->
            NbdDisk.open(
                NbdUri.parse(
                    "nbds://localhost:%d/d?tls-certificates=%s".formatted(port, strangers)),
                NbdOptions.READ))
        .isInstanceOf(DiskException.class);
  }

  @Test
  void qemuNbdTalksTlsToOurClient() throws Exception {
    Tools.need("openssl", "qemu-nbd");
    Path keys = TlsKeys.make(folder.resolve("keys"));
    Path file = mixed("disk");
    Path socket = folder.resolve("q.sock");
    start(
        socket,
        "qemu-nbd",
        "-t",
        "-f",
        "raw",
        "-x",
        "d",
        "-k",
        socket.toString(),
        "--object",
        "tls-creds-x509,id=t,endpoint=server,verify-peer=on,dir=" + keys,
        "--tls-creds",
        "t",
        file.toString());
    useAsDisk(
        "nbds+unix:///d?socket=%s&tls-certificates=%s".formatted(socket, keys),
        Files.readAllBytes(file));
  }
}
