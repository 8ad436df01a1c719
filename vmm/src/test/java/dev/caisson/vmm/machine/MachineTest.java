/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.caisson.virtio.console.ConsoleDevice;
import dev.caisson.virtio.console.ConsolePort;
import dev.caisson.virtio.rng.EntropyDevice;
import dev.caisson.vmm.VmmException;
import dev.caisson.vmm.boot.TinyKernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whole machines with kernels of a few instructions on the host's own /dev/kvm. */
@Tag("integration")
@Timeout(60)
class MachineTest extends TinyMachine {
  static final int DEVICE = 0xd000_0000;
  private static final int LOCAL_APIC = 0xfee0_0000;
  private static final int IO_APIC = 0xfec0_0000;

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
  void vcpusAreBoundToOtherProcessorsWhileTheyRun() throws Exception {
    long own = Long.parseUnsignedLong(status("self", "Cpus_allowed:").replaceAll(".*,", ""), 16);
    assumeTrue(own != 0, "this process runs on none of the first processors");
    start(new TinyKernel().print("x").halt());
    while (console.isEmpty()) {
      Thread.sleep(2);
    }
    machine.pin(List.of(Long.lowestOneBit(own)));
    assertThat(status("self/task/" + thread("tiny vCPU 0"), "Cpus_allowed_list:"))
        .isEqualTo(Integer.toString(Long.numberOfTrailingZeros(own)));
    assertThatThrownBy(() -> machine.pin(List.of(0L)))
        .isInstanceOfSatisfying(
            VmmException.class, e -> assertThat(e.kind()).isEqualTo(VmmException.Kind.INVALID));
  }

  private static String status(String task, String field) throws IOException {
    return Files.readAllLines(Path.of("/proc/" + task + "/status")).stream()
        .filter(line -> line.startsWith(field))
        .map(line -> line.substring(field.length()).strip())
        .findFirst()
        .orElseThrow();
  }

  private static String thread(String name) throws IOException {
    try (var tasks = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
      for (Path task : tasks) {
        if (Files.readString(task.resolve("comm")).strip().equals(name)) {
          return task.getFileName().toString();
        }
      }
    }
    throw new AssertionError("there is no thread " + name);
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

  /** Random bytes that tests can predict. */
  static final class Constant extends SecureRandom {
    private static final long serialVersionUID = 1L;

    @Override
    public void nextBytes(byte[] bytes) {
      Arrays.fill(bytes, (byte) 'R');
    }
  }

  /** A driver of a few instructions that has made its device ready, up to DRIVER_OK. */
  static TinyKernel driver(int upperFeatures) {
    return new TinyKernel()
        .store(DEVICE + 0x70, 3)
        .store(DEVICE + 0x24, 1)
        .store(DEVICE + 0x20, upperFeatures)
        .store(DEVICE + 0x70, 11)
        .store(DEVICE + 0x38, 8)
        .store(DEVICE + 0x80, 0x200000)
        .store(DEVICE + 0x90, 0x200400)
        .store(DEVICE + 0xa0, 0x200800)
        .store(DEVICE + 0x44, 1)
        .store(DEVICE + 0x70, 15);
  }

  @Test
  void aRequestTravelsByDoorbellAndSplitRing() throws Exception {
    TinyKernel guest =
        driver(1)
            .store(0x200000, 0x300000)
            .store(0x200008, 4)
            .store(0x20000c, 2) // for the device to write
            .store(0x200404, 0)
            .store(0x200400, 0x10000) // one is available
            .store(DEVICE + 0x50, 0)
            // mov eax,[0x200800]; shr eax,16; cmp eax,1; jne back: until it is used
            .code(0xa1, 0x00, 0x08, 0x20, 0x00, 0xc1, 0xe8, 16, 0x83, 0xf8, 1, 0x75, 0xf3);
    start(
        guest.load(0x300000).printNumber().load(DEVICE + 0x60).printNumber().powerOff(),
        new EntropyDevice(new Constant()));
    assertThat(end().kind()).isEqualTo(MachineEnd.Kind.POWER_OFF);
    assertThat(console.toString()).startsWith("RRRR");
  }

  @Test
  void aRequestTravelsByDoorbellAndPackedRing() throws Exception {
    TinyKernel guest =
        driver(5)
            .store(0x200000, 0x300000)
            .store(0x200008, 4)
            .store(0x20000c, 0x82_0000) // available, for the device to write
            .store(DEVICE + 0x50, 0)
            // mov eax,[0x20000c]; and eax,0x80800000; cmp eax,0x80800000; jne back
            .code(0xa1, 0x0c, 0x00, 0x20, 0x00, 0x25, 0x00, 0x00, 0x80, 0x80)
            .code(0x3d, 0x00, 0x00, 0x80, 0x80, 0x75, 0xef);
    start(guest.load(0x300000).printNumber().powerOff(), new EntropyDevice(new Constant()));
    assertThat(end().kind()).isEqualTo(MachineEnd.Kind.POWER_OFF);
    assertThat(console).hasToString("RRRR");
  }

  /** With interrupts of the device's line at vector 0x40, whose handler prints an i. */
  private static TinyKernel interrupted(int line) {
    TinyKernel handler = new TinyKernel().print("i").store(LOCAL_APIC + 0xb0, 0);
    // pop eax; add esp, 8; jmp eax: an iret that this machine's KVM can emulate
    handler.code(0x58, 0x83, 0xc4, 8, 0xff, 0xe0);
    int address = TinyKernel.START + 5;
    return new TinyKernel()
        .code(0xe9, handler.size(), 0, 0, 0) // jmp over the handler
        .append(handler)
        .code(0xbc, 0, 0, 0x19, 0) // mov esp, 0x190000
        .store(0x180008, 0xffff)
        .store(0x18000c, 0xcf9a00) // code segment 8: flat
        .store(0x180020, 0xf)
        .store(0x180024, 0x18)
        .code(0x0f, 0x01, 0x15, 0x20, 0, 0x18, 0) // lgdt [0x180020]
        .jumpToSegment(8)
        .store(0x181200, (address & 0xffff) | 8 << 16)
        .store(0x181204, (address & 0xffff0000) | 0x8e00)
        .store(0x180030, 0x10000fff)
        .store(0x180034, 0x18)
        .code(0x0f, 0x01, 0x1d, 0x30, 0, 0x18, 0) // lidt [0x180030]
        .store(LOCAL_APIC + 0xf0, 0x1ff)
        .store(IO_APIC, 0x10 + 2 * line)
        .store(IO_APIC + 0x10, 0x40)
        .store(IO_APIC, 0x11 + 2 * line)
        .store(IO_APIC + 0x10, 0);
  }

  @Test
  void answersWakeAHaltedGuestByInterrupt() throws Exception {
    TinyKernel guest = interrupted(16).append(driver(1));
    guest.store(0x200000, 0x300000).store(0x200008, 4).store(0x20000c, 2).store(0x200404, 0);
    for (int request = 1; request <= 20; request++) {
      guest.store(0x200400, request << 16).store(DEVICE + 0x50, 0).code(0xfb, 0xf4, 0xfa);
      guest.store(DEVICE + 0x64, 1); // sti; hlt; cli above
    }
    start(
        guest.load(0x200800).code(0xc1, 0xe8, 16).code(0x04, 'A').print().powerOff(),
        new EntropyDevice(new Constant()));
    assertThat(end().kind()).isEqualTo(MachineEnd.Kind.POWER_OFF);
    assertThat(console).hasToString("i".repeat(20) + (char) ('A' + 20));
  }

  /** A driver that resets its device as fast as it can, with queues and doorbells in between. */
  @Test
  void aResetStormLeavesTheMachineInOurHands() throws Exception {
    var rounds = new AtomicInteger();
    TinyKernel storm = new TinyKernel();
    for (int status : new int[] {0, 1, 3}) {
      storm.store(DEVICE + 0x70, status);
    }
    storm.store(DEVICE + 0x24, 1).store(DEVICE + 0x20, 1).store(DEVICE + 0x70, 11);
    for (int queue = 0; queue < 4; queue++) {
      storm.store(DEVICE + 0x30, queue).store(DEVICE + 0x38, 8);
      storm.store(DEVICE + 0x80, 0x200000 + 0x1000 * queue);
      storm.store(DEVICE + 0x90, 0x200400 + 0x1000 * queue);
      storm.store(DEVICE + 0xa0, 0x200800 + 0x1000 * queue);
      storm.store(DEVICE + 0x44, 1);
    }
    storm.store(DEVICE + 0x70, 15).store(DEVICE + 0x50, 1).store(DEVICE + 0x50, 3).print("r");
    var device = new ConsoleDevice(List.of(ConsolePort.named("test")));
    machine = Machine.create(kvm, config(storm.repeat(), 1, b -> rounds.incrementAndGet(), device));
    machine.start();
    while (rounds.get() < 20) {
      Thread.sleep(5);
      assertThat(machine.ended()).isNotDone();
    }
    machine.close();
    assertThat(end().kind()).isEqualTo(MachineEnd.Kind.STOPPED);
  }

  /** Every width at every offset of a device's page, over its last byte too. */
  @Test
  void anyWidthOfAccessIsSurvived() throws Exception {
    TinyKernel sweep = new TinyKernel();
    for (int offset = 0; offset <= 0xfff; offset += 0x3d) {
      int address = DEVICE + offset;
      int[] bytes = {address & 0xff, (address >> 8) & 0xff, (address >> 16) & 0xff, 0xd0};
      sweep.code(0xa0).code(bytes).code(0xa2).code(bytes); // mov al, [..]; mov [..], al
      sweep.code(0x66, 0xa1).code(bytes).code(0x66, 0xa3).code(bytes);
      sweep.code(0xa1).code(bytes).code(0xa3).code(bytes);
    }
    start(sweep.print("done").powerOff(), new ConsoleDevice(List.of(ConsolePort.named("test"))));
    assertThat(end().kind()).isEqualTo(MachineEnd.Kind.POWER_OFF);
    assertThat(console).hasToString("done");
  }

  @Test
  void aTripleFaultIsAReset() throws Exception {
    start(new TinyKernel().code(0x0f, 0x0b)); // ud2, and no table that says who handles it
    MachineEnd end;
    try {
      end = machine.ended().get(3, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      assumeTrue(false, "this host's KVM raises no triple fault here");
      return;
    }
    assertThat(end.kind()).isIn(MachineEnd.Kind.RESET, MachineEnd.Kind.FAULT);
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
