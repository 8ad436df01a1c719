/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.caisson.kvm.Kvm;
import dev.caisson.virtio.console.ConsoleDevice;
import dev.caisson.virtio.console.ConsolePort;
import dev.caisson.virtio.device.VirtioDevice;
import dev.caisson.vmm.VmmException;
import dev.caisson.vmm.boot.BootFiles;
import dev.caisson.vmm.boot.TinyKernel;
import dev.caisson.vmm.memory.MachineMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whole machines with kernels of a few instructions on the host's own /dev/kvm. */
@Tag("integration")
@Timeout(60)
class MachineTest {
  private static final int DEVICE = 0xd000_0000;

  @TempDir Path directory;
  private Kvm kvm;
  private Machine machine;
  private final StringBuffer console = new StringBuffer();

  @BeforeEach
  void open() {
    assumeTrue(Files.isWritable(Path.of("/dev/kvm")), "no /dev/kvm");
    kvm = Kvm.open();
  }

  @AfterEach
  void close() {
    if (machine != null) {
      machine.close();
    }
    if (kvm != null) {
      kvm.close();
    }
  }

  private MachineConfig config(
      TinyKernel kernel, int cpus, IntConsumer output, VirtioDevice... devices) throws IOException {
    Path file = kernel.write(directory.resolve("kernel"));
    return new MachineConfig(
        "tiny",
        4 << 20,
        MachineMemory.Backing.PRIVATE,
        cpus,
        List.of(),
        new BootFiles(file, Optional.empty(), "none"),
        List.of(devices),
        output);
  }

  private Machine start(TinyKernel kernel, VirtioDevice... devices) throws IOException {
    machine = Machine.create(kvm, config(kernel, 1, b -> console.append((char) b), devices));
    machine.start();
    return machine;
  }

  private MachineEnd end() throws Exception {
    return machine.ended().get(20, TimeUnit.SECONDS);
  }

  @Test
  void aGuestPrintsAndSwitchesItselfOff() throws Exception {
    start(new TinyKernel().print("hello").powerOff());
    assertThat(end().kind()).isEqualTo(MachineEnd.Kind.POWER_OFF);
    assertThat(console).hasToString("hello");
    machine.close();
    assertThat(machine.cpuTime()).isZero();
    assertThat(machine.memoryUse()).isZero();
  }

  @Test
  void aGuestResetsByEitherRegister() throws Exception {
    start(new TinyKernel().out(0x602, 1).halt());
    assertThat(end().kind()).isEqualTo(MachineEnd.Kind.RESET);
    machine.close();
    start(new TinyKernel().out(0x64, 0xfe).halt());
    assertThat(end().kind()).isEqualTo(MachineEnd.Kind.RESET);
  }

  @Test
  void aPausedGuestStandsStillAndGoesOn() throws Exception {
    var printed = new AtomicInteger();
    TinyKernel forever = new TinyKernel().print(".").repeat();
    machine = Machine.create(kvm, config(forever, 1, b -> printed.incrementAndGet()));
    machine.start();
    for (int round = 0; round < 20; round++) {
      int before = printed.get();
      while (printed.get() == before) {
        Thread.onSpinWait();
      }
      machine.pause();
      int still = printed.get();
      Thread.sleep(2);
      assertThat(printed).hasValue(still);
      machine.resume();
    }
    assertThat(machine.cpuTime()).isPositive();
    assertThat(machine.memoryUse()).isBetween(4096L, 8L << 20);
  }

  @Test
  void aHaltedOrSpinningGuestIsStopped() throws Exception {
    start(new TinyKernel().code(0xfa).halt());
    machine.pause();
    machine.close();
    assertThat(end().kind()).isEqualTo(MachineEnd.Kind.STOPPED);
    assertThatThrownBy(machine::pause).hasMessageContaining("has ended");
    start(new TinyKernel().code(0xeb, 0xfe));
    machine.close();
    assertThat(end().kind()).isEqualTo(MachineEnd.Kind.STOPPED);
  }

  @Test
  void processorsNobodyStartedDoNotKeepAMachine() throws Exception {
    machine =
        Machine.create(
            kvm, config(new TinyKernel().print("2").powerOff(), 4, b -> console.append((char) b)));
    machine.start();
    assertThat(end().kind()).isEqualTo(MachineEnd.Kind.POWER_OFF);
    assertThatThrownBy(machine::start)
        .isInstanceOfSatisfying(
            VmmException.class, e -> assertThat(e.kind()).isEqualTo(VmmException.Kind.WRONG_STATE));
  }

  @Test
  void aFailingDeviceEndsTheGuestWithItsRegistersAndNothingElse() throws Exception {
    machine =
        Machine.create(
            kvm,
            config(
                new TinyKernel().print("x").halt(),
                1,
                b -> {
                  throw new IllegalStateException("no room for output");
                }));
    machine.start();
    MachineEnd end = end();
    assertThat(end.kind()).isEqualTo(MachineEnd.Kind.FAULT);
    assertThat(end.cause()).contains("no room for output").contains("rip").contains("cr0");
  }

  @Test
  void portsAndAddressesNobodyAnswersAreSurvived() throws Exception {
    TinyKernel sweep = new TinyKernel();
    for (int address = DEVICE; address < DEVICE + 0x2000; address += 0x1fc) {
      sweep.load(address).store(address, -1);
    }
    for (int port = 0x20; port < 0x2000; port += 0x1d) {
      if (port != 0x64) {
        sweep.out(port, 0xff).code(0xec, 0xed, 0x66, 0xef); // in al; in eax; out ax
      }
    }
    start(sweep.print("done").powerOff());
    assertThat(end().kind()).isEqualTo(MachineEnd.Kind.POWER_OFF);
    assertThat(console.toString()).endsWith("done");
  }

  @Test
  void aDeviceIsFoundBehindItsRegisters() throws Exception {
    var device = new ConsoleDevice(List.of(ConsolePort.named("test")));
    start(
        new TinyKernel()
            .load(DEVICE)
            .printNumber()
            .load(DEVICE + 8)
            .printNumber()
            .store(DEVICE + 0x70, 1)
            .store(DEVICE + 0x70, 3)
            .load(DEVICE + 0x70)
            .printNumber()
            .store(DEVICE + 0x50, 0) // a doorbell: the kernel takes it, we see no exit
            .store(DEVICE + 0x64, 1)
            .load(DEVICE + 0x34)
            .printNumber()
            .powerOff(),
        device);
    assertThat(end().kind()).isEqualTo(MachineEnd.Kind.POWER_OFF);
    assertThat(console).hasToString("virt" + "\3\0\0\0" + "\3\0\0\0" + "\100\0\0\0");
  }

  @Test
  void badDescriptionsAreRefused() throws IOException {
    TinyKernel kernel = new TinyKernel().halt();
    assertThatThrownBy(() -> config(kernel, 0, b -> {})).hasMessageContaining("0 vCPUs");
    assertThatThrownBy(() -> config(kernel, 65, b -> {})).hasMessageContaining("65 vCPUs");
    MachineConfig good = config(kernel, 1, b -> {});
    assertThatThrownBy(() ->
            new MachineConfig(
                "x", 4097, good.backing(), 1, List.of(), good.boot(), List.of(), good.console()))
        .hasMessageContaining("4097 bytes");
    Files.writeString(directory.resolve("kernel"), "#!/bin/sh\n");
    assertThatThrownBy(() -> Machine.create(kvm, good)).hasMessageContaining("offset 0x0");
  }
}
