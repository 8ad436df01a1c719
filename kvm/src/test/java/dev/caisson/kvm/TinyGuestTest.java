/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.caisson.linux.io.EventCounter;
import dev.caisson.linux.memory.Mapping;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Every exit, by real-mode guests of a few bytes on the host's own /dev/kvm. */
@Tag("integration")
class TinyGuestTest {
  private static final int CODE = 0x1000;

  private Kvm kvm;
  private VirtualMachine machine;
  private Mapping memory;
  private Vcpu vcpu;

  @BeforeEach
  void create() {
    assumeTrue(Files.isWritable(Path.of("/dev/kvm")), "no /dev/kvm");
    kvm = Kvm.open();
    machine = kvm.createMachine();
    memory = Mapping.anonymous(64 << 10);
    machine.map(0, 0, memory.bytes());
  }

  @AfterEach
  void close() {
    if (vcpu != null) {
      vcpu.close();
    }
    if (machine != null) {
      machine.close();
      memory.close();
      kvm.close();
    }
  }

  /** A vCPU about to run these bytes. */
  private Vcpu guest(int... code) {
    for (int i = 0; i < code.length; i++) {
      memory.bytes().set(ValueLayout.JAVA_BYTE, CODE + i, (byte) code[i]);
    }
    vcpu = machine.createVcpu(0);
    vcpu.cpuid(kvm.supportedCpuid().forVcpu(0, 1));
    vcpu.specialRegisters(vcpu.specialRegisters().real());
    vcpu.registers(Registers.entry(CODE, 0, 0));
    vcpu.enter();
    return vcpu;
  }

  @Test
  void portWritesCarryPortSizeAndValue() {
    // mov al,0x2a; out 0x10,al; mov dx,0x3f8; mov ax,0x1234; out dx,ax; hlt
    guest(0xb0, 0x2a, 0xe6, 0x10, 0xba, 0xf8, 0x03, 0xb8, 0x34, 0x12, 0xef, 0xf4);
    assertThat(vcpu.run()).isEqualTo(new Exit.PortWrite(0x10, 1, 0x2a));
    assertThat(vcpu.run()).isEqualTo(new Exit.PortWrite(0x3f8, 2, 0x1234));
    assertThat(vcpu.run()).isEqualTo(new Exit.Halted());
  }

  @Test
  void portReadsGetTheirAnswer() {
    // in al,0x20; out 0x21,al; hlt
    guest(0xe4, 0x20, 0xe6, 0x21, 0xf4);
    Exit read = vcpu.run();
    assertThat(read).isEqualTo(new Exit.PortRead(0x20, 1));
    vcpu.answer(read, 0x77);
    assertThat(vcpu.run()).isEqualTo(new Exit.PortWrite(0x21, 1, 0x77));
  }

  @Test
  void accessesOutsideMemoryAreExits() {
    // mov ax,0x2000; mov ds,ax; mov byte [0x10],0x55; mov al,[0x20]; out 0x11,al; hlt
    guest(
        0xb8, 0x00, 0x20, 0x8e, 0xd8, 0xc6, 0x06, 0x10, 0x00, 0x55, 0xa0, 0x20, 0x00, 0xe6, 0x11,
        0xf4);
    assertThat(vcpu.run()).isEqualTo(new Exit.MemoryWrite(0x20010, 1, 0x55));
    Exit read = vcpu.run();
    assertThat(read).isEqualTo(new Exit.MemoryRead(0x20020, 1));
    vcpu.answer(read, 0x99);
    assertThat(vcpu.run()).isEqualTo(new Exit.PortWrite(0x11, 1, 0x99));
  }

  @Test
  void readOnlyMemoryIsReadByTheGuestAndWrittenByUs() {
    assumeTrue(kvm.extension(Capability.READ_ONLY_MEMORY) > 0, "KVM has no read-only memory");
    try (Mapping page = Mapping.anonymous(Mapping.PAGE)) {
      machine.mapReadOnly(1, 0x20000, page.bytes());
      page.bytes().set(ValueLayout.JAVA_BYTE, 0x20, (byte) 0x66);
      // mov ax,0x2000; mov ds,ax; mov byte [0x20],0x55; mov al,[0x20]; out 0x11,al; hlt
      guest(
          0xb8, 0x00, 0x20, 0x8e, 0xd8, 0xc6, 0x06, 0x20, 0x00, 0x55, 0xa0, 0x20, 0x00, 0xe6, 0x11,
          0xf4);
      assertThat(vcpu.run()).isEqualTo(new Exit.MemoryWrite(0x20020, 1, 0x55));
      assertThat(vcpu.run()).isEqualTo(new Exit.PortWrite(0x11, 1, 0x66));
      assertThat(page.bytes().get(ValueLayout.JAVA_BYTE, 0x20)).isEqualTo((byte) 0x66);
    }
  }

  @Test
  void registersAreWholeAfterAnUnfinishedRead() {
    // in al,0x20; hlt
    guest(0xe4, 0x20, 0xf4);
    Exit read = vcpu.run();
    vcpu.answer(read, 0x31);
    assertThat(vcpu.registers().rax() & 0xff).isEqualTo(0x31);
    assertThat(vcpu.registers().rip()).isEqualTo(CODE + 2);
    assertThat(vcpu.run()).isEqualTo(new Exit.Halted());
  }

  @Test
  void aLoopingGuestIsKicked() throws InterruptedException {
    guest(0xeb, 0xfe); // jmp self
    var running = new CountDownLatch(1);
    var seen = new Exit[1];
    Thread thread =
        Thread.ofPlatform()
            .start(() -> {
              vcpu.enter();
              running.countDown();
              seen[0] = vcpu.run();
            });
    running.await();
    vcpu.kick();
    thread.join(10_000);
    assertThat(seen[0]).isEqualTo(new Exit.Interrupted());
  }

  @Test
  void aKickBeforeRunningCounts() {
    guest(0xeb, 0xfe);
    vcpu.kick();
    assertThat(vcpu.run()).isEqualTo(new Exit.Interrupted());
  }

  @Test
  void aTripleFaultIsAShutdown() throws InterruptedException {
    guest(0x0f, 0x0b); // ud2, with nobody to handle it in protected mode
    vcpu.specialRegisters(vcpu.specialRegisters().flat32());
    Vcpu running = vcpu;
    // Where the host's KVM interprets the guest itself, no fault may come: then give up.
    Thread limit =
        Thread.ofPlatform()
            .start(() -> {
              try {
                Thread.sleep(3_000);
                running.kick();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    Exit exit = vcpu.run();
    limit.interrupt();
    limit.join();
    assumeTrue(!(exit instanceof Exit.Interrupted), "this KVM raises no triple fault here");
    assertThat(exit).isInstanceOfAny(Exit.Shutdown.class, Exit.InternalError.class);
  }

  @Test
  void aPortWriteCanSignalWithoutAnExit() {
    try (EventCounter counter = EventCounter.create()) {
      machine.signalOnPort(counter, 0x10, 0x2a);
      // mov al,0x2a; out 0x10,al; out 0x10,al; mov al,1; out 0x10,al; hlt
      guest(0xb0, 0x2a, 0xe6, 0x10, 0xe6, 0x10, 0xb0, 0x01, 0xe6, 0x10, 0xf4);
      assertThat(vcpu.run()).isEqualTo(new Exit.PortWrite(0x10, 1, 1));
      assertThat(counter.take()).isEqualTo(2);
    }
  }

  @Test
  void aMemoryWriteCanSignalWithoutAnExit() {
    try (EventCounter counter = EventCounter.create()) {
      machine.signalOnWrite(counter, 0x20050, 0);
      // mov ax,0x2000; mov ds,ax; mov dword [0x50],0; hlt
      guest(
          0xb8, 0x00, 0x20, 0x8e, 0xd8, 0x66, 0xc7, 0x06, 0x50, 0x00, 0x00, 0x00, 0x00, 0x00, 0xf4);
      assertThat(vcpu.run()).isEqualTo(new Exit.Halted());
      assertThat(counter.take()).isEqualTo(1);
    }
  }

  @Test
  void everyPartOfAVcpuIsReadAndPutBack() {
    machine.createInterruptControllers();
    guest(0xe6, 0x10, 0xf4); // out 0x10,al; hlt
    vcpu.run();
    for (VcpuPart part : VcpuPart.values()) {
      byte[] state = vcpu.state(part);
      vcpu.state(part, state);
      assertThat(vcpu.state(part)).as(part.name()).hasSameSizeAs(state);
    }
    Map<Integer, Long> registers = vcpu.modelRegisters(kvm.modelRegisters());
    assertThat(registers).isNotEmpty();
    assertThat(vcpu.modelRegisters(Map.of(0x174, 0x77L))).isEqualTo(1); // SYSENTER_CS
    assertThat(vcpu.modelRegisters(List.of(0x174))).containsEntry(0x174, 0x77L);
  }

  @Test
  void controllersAndClockAreReadAndPutBack() {
    machine.createInterruptControllers();
    for (int chip = 0; chip < 3; chip++) {
      byte[] state = machine.interruptController(chip);
      machine.interruptController(state);
      assertThat(machine.interruptController(chip)).isEqualTo(state);
    }
    machine.clock(5_000_000_000L);
    assertThat(machine.clock()).isBetween(5_000_000_000L, 15_000_000_000L);
  }
}
