/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.machine;

import static dev.caisson.vmm.machine.MachineTest.DEVICE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.caisson.virtio.device.VirtioDevice;
import dev.caisson.virtio.rng.EntropyDevice;
import dev.caisson.vmm.boot.TinyKernel;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Lines 48, 49 and 53 of the security checklist, from inside: kernels of a few instructions that
 * write rings by hand on the host's own /dev/kvm.
 */
@Tag("integration")
@Timeout(120)
class HostileKernelTest extends TinyMachine {
  private static final int RING = 0x20_0000;
  private static final int AVAILABLE = RING + 0x400;
  private static final int USED = RING + 0x800;
  private static final int BUFFER = 0x30_0000;
  private static final int NEXT = 1;
  private static final int WRITE = 2;
  private static final int INDIRECT = 4;

  private MachineEnd run(TinyKernel kernel, VirtioDevice... devices) throws Exception {
    return start(kernel, devices).ended().get(60, TimeUnit.SECONDS);
  }

  private static TinyKernel descriptor(long address, int length, int flags, int next) {
    return new TinyKernel()
        .store(RING, (int) address)
        .store(RING + 4, (int) (address >>> 32))
        .store(RING + 8, length)
        .store(RING + 12, flags | next << 16);
  }

  static Stream<Arguments> rings() {
    TinyKernel decent = descriptor(BUFFER, 4, WRITE, 0);
    return Stream.of(
        arguments("loop", descriptor(BUFFER, 4, NEXT | WRITE, 0), 0, 1),
        arguments("behind memory", descriptor(4 << 20, 4, WRITE, 0), 0, 1),
        arguments("over the end of memory", descriptor((4 << 20) - 2, 4, WRITE, 0), 0, 1),
        arguments("address that wraps", descriptor(-2, 4, WRITE, 0), 0, 1),
        arguments(
            "our own registers", descriptor(Integer.toUnsignedLong(DEVICE), 4, WRITE, 0), 0, 1),
        arguments("no bytes", descriptor(BUFFER, 0, WRITE, 0), 0, 1),
        arguments("4 GiB", descriptor(BUFFER, -1, WRITE, 0), 0, 1),
        arguments("next outside the table", descriptor(BUFFER, 4, NEXT | WRITE, 8), 0, 1),
        arguments("indirect, not agreed to", descriptor(BUFFER, 16, INDIRECT, 0), 0, 1),
        arguments("head outside the table", decent, 0xffff, 1),
        arguments("index that jumps", decent, 0, 0x7fff));
  }

  /** Until a bit of the device's status is set. */
  private static TinyKernel awaitStatus(int bit) {
    // back: mov eax,[status]; test al,bit; jz back
    return new TinyKernel().load(DEVICE + 0x70).code(0xa8, bit, 0x74, 0xf7);
  }

  private static TinyKernel offer(TinyKernel table, int head, int index) {
    return new TinyKernel()
        .append(table)
        .store(AVAILABLE + 4, head)
        .store(AVAILABLE, index << 16)
        .store(DEVICE + 0x50, 0);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("rings")
  void lines48And49MarkTheDeviceWhichServesAgainOnceItIsReset(
      String name, TinyKernel table, int head, int index) throws Exception {
    TinyKernel guest =
        MachineTest.driver(1)
            .append(offer(table, head, index))
            .append(awaitStatus(0x40)) // DEVICE_NEEDS_RESET
            .print("broken ")
            .store(DEVICE + 0x70, 0)
            .store(AVAILABLE, 0)
            .store(USED, 0)
            .append(MachineTest.driver(1))
            .append(offer(descriptor(BUFFER, 4, WRITE, 0), 0, 1))
            // back: mov eax,[used]; shr eax,16; cmp eax,1; jne back
            .load(USED)
            .code(0xc1, 0xe8, 16, 0x83, 0xf8, 1, 0x75, 0xf3)
            .load(BUFFER)
            .printNumber()
            .powerOff();
    MachineEnd end = run(guest, new EntropyDevice(new MachineTest.Constant()));
    assertThat(end.kind()).isEqualTo(MachineEnd.Kind.POWER_OFF);
    assertThat(console).hasToString("broken RRRR");
  }

  /**
   * Reads each model-specific register of the ranges that mean something somewhere, and writes all
   * ones to it. Some of them may end the guest, which is its own affair.
   */
  @Test
  void line53ASweepOfModelSpecificRegistersEndsTheGuestAtWorst() throws Exception {
    // For a general protection fault: the error code off, on behind the instruction of two bytes.
    TinyKernel handler = new TinyKernel().code(0x83, 0xc4, 4); // add esp, 4
    handler.code(0x58, 0x83, 0xc4, 8, 0x83, 0xc0, 2, 0xff, 0xe0); // pop; add; add eax, 2; jmp eax
    int address = TinyKernel.START + 5;
    TinyKernel guest =
        new TinyKernel()
            .code(0xe9, handler.size(), 0, 0, 0) // jmp over the handler
            .append(handler)
            .code(0xbc, 0, 0, 0x19, 0) // mov esp, 0x190000
            .store(0x180008, 0xffff)
            .store(0x18000c, 0xcf9a00) // code segment 8: flat
            .store(0x180020, 0xf)
            .store(0x180024, 0x18)
            .code(0x0f, 0x01, 0x15, 0x20, 0, 0x18, 0) // lgdt [0x180020]
            .jumpToSegment(8)
            .store(0x181000 + 13 * 8, (address & 0xffff) | 8 << 16)
            .store(0x181004 + 13 * 8, (address & 0xffff0000) | 0x8e00)
            .store(0x180030, 0x10000fff)
            .store(0x180034, 0x18)
            .code(0x0f, 0x01, 0x1d, 0x30, 0, 0x18, 0); // lidt [0x180030]
    int[][] ranges = {
      {0, 0x100},
      {0x174, 0x210},
      {0x250, 0x300},
      {0x345, 0x3a0},
      {0x480, 0x4a0},
      {0x800, 0x840},
      {0x40000000, 0x40000100},
      {0x4b564d00, 0x4b564d10},
      {0xc0000080, 0xc0000088},
      {0xc0000100, 0xc0000108},
      {0xc0010000, 0xc0010140}
    };
    for (int[] range : ranges) {
      guest.append(sweep(range[0], range[1]));
    }
    MachineEnd end = run(guest.print("done").powerOff());
    assertThat(end.kind())
        .isIn(MachineEnd.Kind.POWER_OFF, MachineEnd.Kind.RESET, MachineEnd.Kind.FAULT);
  }

  private static TinyKernel sweep(int first, int end) {
    return new TinyKernel()
        .code(0xb9)
        .number(first) // mov ecx, first
        .code(0x0f, 0x32) // back: rdmsr
        .code(0xb8)
        .number(-1) // mov eax, -1
        .code(0xba)
        .number(-1) // mov edx, -1
        .code(0x0f, 0x30) // wrmsr
        .code(0x41, 0x81, 0xf9) // inc ecx; cmp ecx, end
        .number(end)
        .code(0x75, 0xe9); // jne back
  }
}
