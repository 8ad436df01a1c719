/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.cli.MemoryConsole;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.nbd.client.NbdDisk;
import dev.caisson.disk.nbd.client.NbdOptions;
import dev.caisson.disk.nbd.client.NbdUri;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code disk serve}, used by qemu-img and by our own client. */
@Tag("integration")
class ServeDiskTest {
  @TempDir Path folder;
  private QemuImg images;
  private MemoryConsole console = new MemoryConsole("", Path.of("/"));
  private Thread server = new Thread();

  @BeforeEach
  void makeDisks() throws IOException {
    QemuImg.require();
    images = new QemuImg(folder);
    images.qemu("create", "-q", "-f", "qcow2", "one.qcow2", "3M");
    images.fill("qcow2", "one.qcow2");
    images.qemu("create", "-q", "-f", "qcow2", "-b", "one.qcow2", "-F", "qcow2", "two.qcow2");
    images.io("write -P 7 2M 100k", "qcow2", "two.qcow2");
  }

  /** Returns once it listens, or has ended. */
  private void serve(String... words) throws InterruptedException {
    console = new MemoryConsole("", folder);
    server = new Thread(() -> DiskMain.run(console, words));
    server.start();
    for (int i = 0; i < 6000 && server.isAlive() && !console.outText().contains("serving"); i++) {
      Thread.sleep(10);
    }
  }

  @AfterEach
  void stop() throws InterruptedException {
    server.interrupt();
    assertThat(server.join(Duration.ofMinutes(1))).as("the server ends when interrupted").isTrue();
  }

  private String uri(String scheme, String export) {
    return "%s:///%s?socket=%s".formatted(scheme, export, folder.resolve("s"));
  }

  @Test
  void severalDisksAreOfferedByNameToOthers() throws Exception {
    serve("serve", "-k", "s", "-D", "for tests", "first=one.qcow2", "two.qcow2", "-r");
    images.qemu("compare", uri("nbd+unix", "first"), "one.qcow2", "-U");
    images.qemu("compare", uri("nbd+unix", "two.qcow2"), "two.qcow2", "-U");
    assertThat(images.run("qemu-nbd", "-L", "-k", folder.resolve("s").toString()).out())
        .contains("export: 'first'", "export: 'two.qcow2'", "description: for tests");
    assertThat(images.theirs("info", uri("nbd+unix", "third")).code()).isEqualTo(1);
  }

  @Test
  void whatClientsWriteIsInTheFile() throws Exception {
    serve("serve", "-k", "s", "-t", "-e", "4", "-A", "-x", "it", "two.qcow2");
    images.run("qemu-io", "-f", "raw", "-c", "write -P 77 1M 64k", uri("nbd+unix", "it"));
    stop();
    assertThat(
            images
                .run("qemu-io", "-c", "read -P 77 1M 64k", folder.resolve("two.qcow2") + "")
                .out())
        .contains("65536/65536")
        .doesNotContain("failed");
    images.qemu("check", "two.qcow2");
  }

  @Test
  void aSnapshotIsOfferedReadOnly() throws Exception {
    images.qemu("snapshot", "-c", "then", "one.qcow2");
    images.qemu("convert", "-O", "raw", "one.qcow2", "then");
    images.io("write -P 99 0 1M", "qcow2", "one.qcow2");
    serve("serve", "-k", "s", "-l", "then", "one.qcow2");
    images.qemu("compare", "-f", "raw", "-F", "raw", uri("nbd+unix", ""), "then");
    assertThat(images.run("qemu-io", "-f", "raw", "-c", "write 0 512", uri("nbd+unix", "")).code())
        .isEqualTo(1);
  }

  @Test
  void encryptionIsAskedOfEveryClient() throws Exception {
    var made =
        images.run(
            "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -days 2 -keyout server-key.pem -out server-cert.pem -addext subjectAltName=DNS:localhost"
                .split(" "));
    assertThat(made.code()).as(made.err()).isZero();
    Files.copy(folder.resolve("server-cert.pem"), folder.resolve("ca-cert.pem"));
    serve("serve", "-k", "s", "--tls", ".", "one.qcow2", "-r");
    String open = uri("nbds+unix", "") + "&tls-hostname=localhost&tls-certificates=" + folder;
    try (var disk = NbdDisk.open(NbdUri.parse(open), NbdOptions.READ)) {
      assertThat(disk.read(0, 70 << 10)).containsOnly(1);
    }
    assertThatThrownBy(
            () -> NbdDisk.open(NbdUri.parse(uri("nbd+unix", "")), NbdOptions.READ).close())
        .isInstanceOf(DiskException.class);
  }

  @Test
  void strangersAreNotServed() throws Exception {
    serve("serve", "-b", "0.0.0.0", "-p", "0", "one.qcow2");
    server.join();
    assertThat(console.errText()).contains("caisson: ");
  }
}
