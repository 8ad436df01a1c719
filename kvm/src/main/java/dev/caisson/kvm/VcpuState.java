/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.kvm;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * Everything a guest can see of one vCPU, as the kernel's bytes. Good for the kind of processor and
 * the kernel it was taken on.
 *
 * @param registers struct kvm_regs
 * @param specialRegisters struct kvm_sregs
 * @param parts all of {@link VcpuPart}
 * @param modelRegisters model-specific registers by number
 */
public record VcpuState(
    Cpuid cpuid,
    byte[] registers,
    byte[] specialRegisters,
    Map<VcpuPart, byte[]> parts,
    Map<Integer, Long> modelRegisters) {
  /**
   * @throws IllegalArgumentException when a piece is missing or has the wrong size
   */
  public VcpuState {
    check("struct kvm_regs", registers, Vcpu.REGISTERS_SIZE);
    check("struct kvm_sregs", specialRegisters, Vcpu.SPECIAL_REGISTERS_SIZE);
    parts = new EnumMap<>(parts);
    for (VcpuPart part : VcpuPart.values()) {
      byte[] bytes = parts.get(part);
      check(part.name(), bytes == null ? new byte[0] : bytes, part.size());
    }
    modelRegisters = new TreeMap<>(modelRegisters);
  }

  private static void check(String what, byte[] bytes, int size) {
    if (bytes.length != size) {
      throw new IllegalArgumentException(
          "%s of %d bytes instead of %d".formatted(what, bytes.length, size));
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof VcpuState that
        && cpuid.equals(that.cpuid)
        && Arrays.equals(registers, that.registers)
        && Arrays.equals(specialRegisters, that.specialRegisters)
        && modelRegisters.equals(that.modelRegisters)
        && Arrays.stream(VcpuPart.values())
            .allMatch(part -> Arrays.equals(parts.get(part), that.parts.get(part)));
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(registers);
  }
}
