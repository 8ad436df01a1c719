/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A Linux guest under QEMU's emulation: the distribution's cloud kernel, busybox and a script. */
final class QemuGuest implements AutoCloseable {
  private static final Path QEMU = Path.of("/usr/bin/qemu-system-x86_64");
  private static final Path BUSYBOX = Path.of("/bin/busybox");
  private static final Path KERNEL =
      Path.of(System.getProperty("caisson.test.kernels", "/var/cache/caisson-test/kernels"))
          .resolve("current");
  private static final List<String> MODULES =
      List.of(
          "drivers/virtio/virtio_ring",
          "drivers/virtio/virtio",
          "drivers/virtio/virtio_pci_legacy_dev",
          "drivers/virtio/virtio_pci_modern_dev",
          "drivers/virtio/virtio_pci",
          "drivers/block/virtio_blk",
          "fs/fuse/fuse",
          "fs/fuse/virtiofs",
          "net/core/failover",
          "drivers/net/net_failover",
          "drivers/net/virtio_net");
  private static final int SEGMENTATION_FAULT = 128 + 11;
  private static final String PREPARE =
      """
      #!/bin/sh
      export PATH=/bin
      mount -t proc none /proc; mount -t sysfs none /sys; mount -t devtmpfs none /dev
      for module in $(cat /modules/list); do insmod /modules/$module; done
      """;

  private final Path directory;
  private final Process process;

  private QemuGuest(Path directory, Process process) {
    this.directory = directory;
    this.process = process;
  }

  static void assumePossible() {
    assumeTrue(Files.isExecutable(QEMU), "no " + QEMU);
    assumeTrue(Files.isExecutable(BUSYBOX), "no " + BUSYBOX);
    assumeTrue(Files.exists(KERNEL.resolve("vmlinuz")), "no kernel; run caisson kernel fetch");
  }

  /**
   * Boots.
   *
   * @param script what the guest does before it powers off
   * @param devices QEMU's words for devices beside the console
   */
  static QemuGuest boot(Path directory, String script, List<String> devices) throws IOException {
    Path initial = initialFiles(directory, script);
    List<String> command = new ArrayList<>();
    command.addAll(List.of(QEMU.toString(), "-nodefaults", "-no-user-config", "-no-reboot"));
    command.addAll(List.of("-display", "none", "-M", "q35,accel=tcg,memory-backend=ram"));
    command.addAll(List.of("-cpu", "max", "-m", "256M", "-object"));
    command.add("memory-backend-memfd,id=ram,share=on,size=256M");
    command.addAll(List.of("-serial", "file:" + directory.resolve("console")));
    command.addAll(List.of("-kernel", KERNEL.resolve("vmlinuz").toString()));
    command.addAll(List.of("-initrd", initial.toString()));
    command.addAll(List.of("-append", "console=ttyS0 quiet panic=-1 reboot=t"));
    command.addAll(devices);
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("qemu.log").toFile())
            .start();
    return new QemuGuest(directory, process);
  }

  private static Path initialFiles(Path directory, String script) throws IOException {
    Path tree = Files.createDirectories(directory.resolve("tree"));
    for (String name : List.of("bin", "proc", "sys", "dev", "tmp", "modules")) {
      Files.createDirectories(tree.resolve(name));
    }
    Files.copy(BUSYBOX, tree.resolve("bin/busybox"));
    try (Stream<String> applets = applets()) {
      applets.forEach(applet -> link(tree.resolve("bin").resolve(applet)));
    }
    var list = new StringBuilder();
    for (String module : MODULES) {
      Path file = KERNEL.resolve("modules").resolve(module + ".ko");
      Files.copy(file, tree.resolve("modules").resolve(file.getFileName()));
      list.append(file.getFileName()).append('\n');
    }
    Files.writeString(tree.resolve("modules/list"), list);
    Path init = tree.resolve("init");
    Files.writeString(init, PREPARE + script + "\npoweroff -f\n");
    assertThat(init.toFile().setExecutable(true)).isTrue();
    Path archive = directory.resolve("initial.cpio");
    String pack = "cd '" + tree + "' && find . | cpio --quiet -o -H newc > '" + archive + "'";
    run("sh", "-c", pack);
    return archive;
  }

  private static Stream<String> applets() throws IOException {
    return run(BUSYBOX.toString(), "--list").lines().filter(name -> !name.equals("busybox"));
  }

  private static void link(Path applet) {
    try {
      Files.createSymbolicLink(applet, Path.of("busybox"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String run(String... command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      assertThat(process.waitFor()).as(output).isZero();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return output;
  }

  /** What the guest wrote to its console until it powered off. */
  String await(int seconds) throws IOException, InterruptedException {
    boolean ended = process.waitFor(seconds, TimeUnit.SECONDS);
    String console = Files.readString(directory.resolve("console"), StandardCharsets.ISO_8859_1);
    String said = console + Files.readString(directory.resolve("qemu.log"));
    assertThat(ended).as(said).isTrue();
    assumeTrue(
        process.exitValue() != SEGMENTATION_FAULT,
        "QEMU itself ended with a segmentation fault; see docs/virtio.md");
    assertThat(process.exitValue()).as(said).isZero();
    return said;
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
