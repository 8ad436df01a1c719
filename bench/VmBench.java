/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */

import dev.caisson.kvm.Exit;
import dev.caisson.kvm.Kvm;
import dev.caisson.kvm.Registers;
import dev.caisson.kvm.Vcpu;
import dev.caisson.kvm.VirtualMachine;
import dev.caisson.linux.memory.Mapping;
import dev.caisson.virtio.balloon.BalloonDevice;
import dev.caisson.virtio.console.ConsoleDevice;
import dev.caisson.virtio.console.ConsolePort;
import dev.caisson.virtio.fs.FileSystemDevice;
import dev.caisson.virtio.fs.FuseServer;
import dev.caisson.virtio.rng.EntropyDevice;
import dev.caisson.vmm.boot.BootFiles;
import dev.caisson.vmm.machine.Machine;
import dev.caisson.vmm.machine.MachineConfig;
import dev.caisson.vmm.memory.MachineMemory;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;

/** What our hypervisor costs, by guests of a few instructions on this host's own /dev/kvm. */
final class VmBench {
  private static final int CODE = 0x1000;
  private static final int TRIPS = 4000;
  private static final int ROUNDS = 60;
  private static final int WARMING_STARTS = 200;
  private static final int STARTS = 60;
  private static final int IDLE_MACHINES = 40;

  private VmBench() {}

  public static void main(String[] arguments) throws Exception {
    try (Kvm kvm = Kvm.open()) {
      roundTrips(kvm, Path.of(arguments[0]));
      starts(kvm);
      idle(kvm);
    }
  }

  static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  static double percentile(double[] values, int percent) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[(sorted.length - 1) * percent / 100];
  }

  /** In turns with the C program, so that the rest of the host disturbs both alike. */
  private static void roundTrips(Kvm kvm, Path yardstick) throws IOException, InterruptedException {
    Process peer = new ProcessBuilder(yardstick.toString()).redirectErrorStream(true).start();
    double[] ours = new double[ROUNDS];
    double[] theirs = new double[ROUNDS];
    try (var orders = new PrintWriter(peer.getOutputStream(), true);
        BufferedReader answers = peer.inputReader();
        Mapping memory = Mapping.anonymous(64 << 10);
        VirtualMachine machine = kvm.createMachine()) {
      machine.map(0, 0, memory.bytes());
      byte[] loop = {(byte) 0xe6, 0x10, (byte) 0xeb, (byte) 0xfc};
      memory.bytes().asSlice(CODE, 4).copyFrom(MemorySegment.ofArray(loop));
      try (Vcpu vcpu = machine.createVcpu(0)) {
        vcpu.specialRegisters(vcpu.specialRegisters().real());
        vcpu.registers(Registers.entry(CODE, 0, 0));
        vcpu.enter();
        for (int i = 0; i < 10; i++) {
          trips(vcpu); // warm: compiled by now
        }
        for (int round = 0; round < ROUNDS; round++) {
          ours[round] = trips(vcpu);
          orders.println(TRIPS);
          theirs[round] = Double.parseDouble(answers.readLine().split(" ", 2)[0]);
        }
      }
    }
    peer.waitFor();
    System.out.printf(
        "exit round trip, %d rounds of %d: Java %.0f ns, C %.0f ns, ratio of medians %.3f"
            + " (10th percentiles %.0f and %.0f, ratio %.3f)%n",
        ROUNDS,
        TRIPS,
        median(ours),
        median(theirs),
        median(ours) / median(theirs),
        percentile(ours, 10),
        percentile(theirs, 10),
        percentile(ours, 10) / percentile(theirs, 10));
  }

  private static double trips(Vcpu vcpu) {
    long sum = 0;
    long start = System.nanoTime();
    for (int i = 0; i < TRIPS; i++) {
      if (vcpu.run() instanceof Exit.PortWrite write) {
        sum += write.value() + write.port();
      }
    }
    long took = System.nanoTime() - start;
    if (sum == 0) {
      throw new IllegalStateException("the guest did not write");
    }
    return (double) took / TRIPS;
  }

  /** An ELF kernel with a PVH entry at 1 MiB. */
  static Path kernel(int... code) throws IOException {
    int headers = 64 + 2 * 56;
    ByteBuffer elf = ByteBuffer.allocate(headers + 20 + code.length).order(ByteOrder.LITTLE_ENDIAN);
    elf.putInt(0, 0x464c457f).put(4, (byte) 2).put(5, (byte) 1).putShort(18, (short) 62);
    elf.putLong(24, 0x100000).putLong(32, 64).putShort(54, (short) 56).putShort(56, (short) 2);
    elf.putInt(64, 1).putLong(72, headers + 20).putLong(88, 0x100000);
    elf.putLong(96, code.length).putLong(104, code.length);
    elf.putInt(120, 4).putLong(128, headers).putLong(152, 20).putLong(160, 20);
    elf.putInt(headers, 4).putInt(headers + 4, 4).putInt(headers + 8, 18);
    elf.putInt(headers + 12, 0x006e6558).putInt(headers + 16, 0x100000);
    for (int i = 0; i < code.length; i++) {
      elf.put(headers + 20 + i, (byte) code[i]);
    }
    return Files.write(Files.createTempFile("caisson-bench", ".elf"), elf.array());
  }

  /** The devices a thin machine without a network has. */
  private static MachineConfig config(Path kernel, IntConsumer console) {
    return new MachineConfig(
        "bench",
        256 << 20,
        MachineMemory.Backing.PRIVATE,
        1,
        List.of(),
        new BootFiles(kernel, Optional.empty(), "quiet"),
        List.of(
            new FileSystemDevice("caisson", 1, new FuseServer(List.of(), 1000)),
            new ConsoleDevice(List.of(ConsolePort.named("caisson.control"))),
            new EntropyDevice(new SecureRandom()),
            new BalloonDevice(pages -> {})),
        console);
  }

  private static long processorTime() {
    var system =
        (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    return system.getProcessCpuTime();
  }

  private static void starts(Kvm kvm) throws Exception {
    // mov dx,0x3f8; mov al,'x'; out dx,al; cli; hlt; jmp back
    Path kernel = kernel(0x66, 0xba, 0xf8, 0x03, 0xb0, 'x', 0xee, 0xfa, 0xf4, 0xeb, 0xfd);
    double[] wall = new double[STARTS];
    long cpu = 0;
    for (int i = -WARMING_STARTS; i < STARTS; i++) {
      if (i == 0) {
        cpu = processorTime(); // counted in steps of 10 ms, so only a sum of many says anything
      }
      var first = new CountDownLatch(1);
      long start = System.nanoTime();
      try (Machine machine = Machine.create(kvm, config(kernel, letter -> first.countDown()))) {
        machine.start();
        if (!first.await(20, TimeUnit.SECONDS)) {
          throw new IllegalStateException("the guest never ran");
        }
        if (i >= 0) {
          wall[i] = (System.nanoTime() - start) / 1e6;
        }
      }
    }
    double spent = (processorTime() - cpu) / 1e6 / STARTS;
    System.out.printf(
        "request to first output of the guest, %d starts after %d, 256 MiB, 4 devices: own CPU time mean"
            + " %.2f ms, its end included; wall median %.2f ms, 90th %.2f ms%n",
        STARTS,
        WARMING_STARTS,
        spent,
        median(wall),
        percentile(wall, 90));
    Files.delete(kernel);
  }

  private static long proportional() throws IOException {
    System.gc();
    return Files.readAllLines(Path.of("/proc/self/smaps_rollup")).stream()
        .filter(line -> line.startsWith("Pss:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
        .sum();
  }

  /** mov dword [register], value */
  private static void store(List<Integer> code, int device, int register, int value) {
    code.addAll(List.of(0xc7, 0x05, register, device << 4, 0, 0xd0));
    for (int shift = 0; shift < 32; shift += 8) {
      code.add((value >>> shift) & 0xff);
    }
  }

  private static void idle(Kvm kvm) throws Exception {
    // Readies every queue of every device as a driver does, says so, then halts for ever.
    List<Integer> code = new ArrayList<>();
    int[] queues = {2, 4, 1, 3};
    int ring = 0x200000;
    for (int device = 0; device < queues.length; device++) {
      store(code, device, 0x70, 3);
      store(code, device, 0x24, 1);
      store(code, device, 0x20, 1);
      store(code, device, 0x70, 11);
      for (int queue = 0; queue < queues[device]; queue++) {
        store(code, device, 0x30, queue);
        store(code, device, 0x38, 8);
        store(code, device, 0x80, ring);
        store(code, device, 0x90, ring + 0x400);
        store(code, device, 0xa0, ring + 0x800);
        store(code, device, 0x44, 1);
        ring += 0x1000;
      }
      store(code, device, 0x70, 15);
    }
    code.addAll(List.of(0x66, 0xba, 0xf8, 0x03, 0xb0, (int) 'x', 0xee, 0xfa, 0xf4, 0xeb, 0xfd));
    Path kernel = kernel(code.stream().mapToInt(i -> i).toArray());
    List<Machine> machines = new ArrayList<>();
    long before = 0;
    for (int i = 0; i < IDLE_MACHINES + 1; i++) {
      if (i == 1) {
        before = proportional(); // the first one paid for what all share
      }
      var ready = new CountDownLatch(1);
      Machine machine = Machine.create(kvm, config(kernel, letter -> ready.countDown()));
      machines.add(machine);
      machine.start();
      if (!ready.await(20, TimeUnit.SECONDS)) {
        throw new IllegalStateException("the guest never ran");
      }
    }
    Thread.sleep(500);
    long touched = 0;
    for (Machine machine : machines.subList(1, machines.size())) {
      touched += machine.memoryUse() >> 10;
    }
    long more = proportional() - before;
    System.out.printf("threads while they idle: %d%n", Thread.getAllStackTraces().size());
    System.out.printf(
        "memory of each further idle machine, %d of them: %.2f MiB beyond the %.2f MiB its guest touched"
            + " (proportional set size of the process)%n",
        IDLE_MACHINES,
        (more - touched) / 1024.0 / IDLE_MACHINES,
        touched / 1024.0 / IDLE_MACHINES);
    machines.forEach(Machine::close);
    Files.delete(kernel);
  }
}
