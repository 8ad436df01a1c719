/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */

import dev.caisson.kvm.Kvm;
import dev.caisson.virtio.device.Device;
import dev.caisson.vmm.boot.BootFiles;
import dev.caisson.vmm.machine.Machine;
import dev.caisson.vmm.machine.MachineConfig;
import dev.caisson.vmm.machine.MachineEnd;
import dev.caisson.vmm.memory.MachineMemory;
import dev.caisson.vmm.snapshot.Snapshot;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** One Linux guest with a job, and what it said on its console. */
final class NestedGuest implements AutoCloseable {
  static final Path APP = Path.of("/app");
  private static final boolean LIVE = Boolean.getBoolean("lab.live");
  private static final String MORE_WORDS = System.getProperty("lab.guest", "").replace(',', ' ');
  private static final long MEBIBYTE = 1 << 20;
  private static final int PATIENCE_SECONDS = 200;

  private final StringBuilder console = new StringBuilder();
  private final Machine machine;

  /** What a guest is made of. */
  record Order(
      String job,
      int cpus,
      List<Long> pins,
      long mebibytes,
      String kernel,
      List<Device> devices) {
    static Order of(String job, Device... devices) {
      return new Order(job, 1, List.of(), 192, "vmlinux", List.of(devices));
    }

    Order withCpus(int count) {
      return new Order(job, count, pins, mebibytes, kernel, devices);
    }

    Order withPins(Long... masks) {
      return new Order(job, masks.length, List.of(masks), mebibytes, kernel, devices);
    }

    Order withMebibytes(long size) {
      return new Order(job, cpus, pins, size, kernel, devices);
    }

    Order withKernel(String file) {
      return new Order(job, cpus, pins, mebibytes, file, devices);
    }
  }

  private NestedGuest(Order order, Making making) throws IOException {
    machine = making.of(config(order));
  }

  /** Boots a machine, or restores one. */
  private interface Making {
    Machine of(MachineConfig config) throws IOException;
  }

  private MachineConfig config(Order order) {
    var files =
        new BootFiles(
            APP.resolve(order.kernel()),
            Optional.of(APP.resolve("guest.cpio")),
            commandLine(order.job()));
    return new MachineConfig(
        "guest",
        order.mebibytes() * MEBIBYTE,
        MachineMemory.Backing.PRIVATE,
        order.cpus(),
        order.pins(),
        files,
        order.devices(),
        this::append);
  }

  static String commandLine(String job) {
    return "console=ttyS0 quiet panic=-1 reboot=t mitigations=off job=" + job + " " + MORE_WORDS;
  }

  /** One that does not run yet. */
  static NestedGuest waiting(Kvm kvm, Order order) throws IOException {
    return new NestedGuest(order, config -> Machine.create(kvm, config));
  }

  static NestedGuest running(Kvm kvm, Order order) throws IOException {
    NestedGuest guest = waiting(kvm, order);
    guest.machine.start();
    return guest;
  }

  /** Goes on where a guest of the same order was saved. */
  static NestedGuest restored(Kvm kvm, Order order, Snapshot snapshot) throws IOException {
    var guest = new NestedGuest(order, config -> Machine.restore(kvm, config, snapshot));
    guest.machine.start();
    return guest;
  }

  private void append(int letter) {
    synchronized (console) {
      console.append((char) letter);
      if (letter == '\n') {
        console.notifyAll();
        if (LIVE) {
          System.out.print("  | " + console.substring(console.lastIndexOf("\n", console.length() - 2) + 1));
        }
      }
    }
  }

  Machine machine() {
    return machine;
  }

  String console() {
    synchronized (console) {
      return console.toString();
    }
  }

  /** Waits until the guest said it. */
  void awaitWords(String words) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    synchronized (console) {
      while (console.indexOf(words) < 0) {
        if (System.nanoTime() > deadline || machine.ended().isDone()) {
          throw new AssertionError("the guest never said \"" + words + "\"");
        }
        console.wait(200);
      }
    }
  }

  /** Waits until it has ended that way. */
  void awaitEnd(MachineEnd.Kind kind) throws Exception {
    try {
      MachineEnd end = machine.ended().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      if (end.kind() != kind) {
        throw new AssertionError("ended by " + end.kind() + " instead of " + kind + ": " + end.cause());
      }
    } catch (TimeoutException e) {
      throw new AssertionError("the guest never ended", e);
    }
  }

  void expect(String pattern) {
    if (!console().replace("\r", "").matches("(?s).*" + pattern + ".*")) {
      throw new AssertionError("the guest did not say " + pattern);
    }
  }

  @Override
  public void close() {
    machine.close();
  }
}
