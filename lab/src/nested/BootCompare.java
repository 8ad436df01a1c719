/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */

import dev.caisson.kvm.Kvm;
import dev.caisson.vmm.machine.MachineEnd;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * The same kernel, initial files, memory and command line on our hypervisor and on QEMU's microvm,
 * in turns: from the moment the vCPU may run to the first line of the guest's first process. Who
 * begins changes with each round.
 *
 * <p>The peer has what ours has: a serial port and the kernel's own interrupt controllers and
 * clock, no PIT and no PIC. It has a real-time clock besides, which QEMU leaves out on KVM by
 * itself: the guest's driver then reads ports where nothing is 40,000 times until it gives up, and
 * that alone takes 13 s here. Ours tells in its ACPI tables that there is none.
 */
final class BootCompare {
  private static final int ROUNDS = Integer.getInteger("lab.rounds", 5);
  private static final String PEER =
      System.getProperty("lab.microvm", "microvm,accel=kvm,rtc=on,pit=off,pic=off");
  private static final Path COUNTS = Path.of("/sys/kernel/debug/kvm");

  /** How many it boots. */
  static final int MACHINES = 2 * (ROUNDS + 1);

  private static final int MEBIBYTES = 192;
  private static final Path MONITOR = Path.of("/tmp/microvm");

  private BootCompare() {}

  static void run(Kvm kvm) throws Exception {
    double[] ours = new double[ROUNDS];
    double[] theirs = new double[ROUNDS];
    for (int round = -1; round < ROUNDS; round++) {
      boolean first = round % 2 == 0;
      double own = first ? own(kvm) : 0;
      double peer = microvm();
      own = first ? own : own(kvm);
      System.out.printf("figure boot-compare: ours %.0f ms, microvm %.0f ms%n", own, peer);
      if (round >= 0) { // the first one warms caches
        ours[round] = own;
        theirs[round] = peer;
      }
    }
    Arrays.sort(ours);
    Arrays.sort(theirs);
    System.out.printf(
        "figure boot-compare: median of %d: ours %.0f ms, microvm %.0f ms, ratio %.3f%n",
        ROUNDS,
        ours[ROUNDS / 2],
        theirs[ROUNDS / 2],
        ours[ROUNDS / 2] / theirs[ROUNDS / 2]);
  }

  /** What the kernel counted so far of the one machine there is. Documentation/virt/kvm */
  private static void exits(String name) throws IOException {
    if (!Files.isDirectory(COUNTS)) {
      return;
    }
    try (var machines = Files.newDirectoryStream(COUNTS, Files::isDirectory)) {
      for (Path machine : machines) {
        var line = new StringBuilder();
        for (String count : List.of("exits", "io_exits", "mmio_exits", "irq_exits", "halt_exits")) {
          line.append(' ').append(count).append(' ');
          line.append(Files.readString(machine.resolve(count)).strip());
        }
        System.out.println("figure boot-compare: " + name + line);
      }
    }
  }

  private static double own(Kvm kvm) throws Exception {
    try (NestedGuest guest =
        NestedGuest.waiting(kvm, NestedGuest.Order.of("boot").withMebibytes(MEBIBYTES))) {
      long start = System.nanoTime();
      guest.machine().start();
      guest.awaitWords("HELLO boot 1");
      double took = (System.nanoTime() - start) / 1e6;
      exits("ours");
      guest.awaitEnd(MachineEnd.Kind.POWER_OFF);
      return took;
    }
  }

  private static double microvm() throws Exception {
    Files.deleteIfExists(MONITOR);
    Process qemu =
        new ProcessBuilder(
                "/usr/bin/qemu-system-x86_64",
                "-L",
                "/usr/share/qemu",
                "-M",
                PEER,
                "-cpu",
                "host",
                "-smp",
                "1",
                "-m",
                MEBIBYTES + "M",
                "-nodefaults",
                "-no-user-config",
                "-no-reboot",
                "-display",
                "none",
                "-serial",
                "stdio",
                "-kernel",
                NestedGuest.APP.resolve("vmlinux").toString(),
                "-initrd",
                NestedGuest.APP.resolve("guest.cpio").toString(),
                "-append",
                NestedGuest.commandLine("boot"),
                "-S",
                "-qmp",
                "unix:" + MONITOR + ",server=on,wait=off")
            .redirectErrorStream(true)
            .start();
    try (SocketChannel monitor = connect(qemu);
        BufferedReader answers =
            new BufferedReader(Channels.newReader(monitor, StandardCharsets.UTF_8))) {
      answers.readLine(); // the greeting
      order(monitor, "qmp_capabilities");
      answers.readLine();
      long start = System.nanoTime();
      order(monitor, "cont");
      BufferedReader console = qemu.inputReader();
      for (String line = console.readLine(); line != null; line = console.readLine()) {
        if (line.contains("HELLO boot 1")) {
          double took = (System.nanoTime() - start) / 1e6;
          exits("microvm");
          return took;
        }
        System.out.println("  | " + line);
      }
      throw new AssertionError("the microvm never said HELLO");
    } finally {
      qemu.destroyForcibly();
      qemu.waitFor();
    }
  }

  private static SocketChannel connect(Process qemu) throws IOException, InterruptedException {
    while (true) {
      try {
        return SocketChannel.open(UnixDomainSocketAddress.of(MONITOR));
      } catch (IOException e) {
        if (!qemu.isAlive()) {
          throw new AssertionError(
              "QEMU ended: " + new String(qemu.getInputStream().readAllBytes()), e);
        }
        Thread.sleep(20);
      }
    }
  }

  private static void order(SocketChannel monitor, String command) throws IOException {
    String line = "{\"execute\":\"" + command + "\"}\n";
    monitor.write(ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8)));
  }
}
