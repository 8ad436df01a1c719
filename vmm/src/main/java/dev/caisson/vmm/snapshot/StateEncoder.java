/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.snapshot;

import dev.caisson.kvm.Cpuid;
import dev.caisson.kvm.VcpuPart;
import dev.caisson.kvm.VcpuState;
import dev.caisson.virtio.transport.MmioQueue;
import dev.caisson.virtio.transport.MmioState;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** A machine's state as bytes; {@link StateDecoder} reads them in the same order. Big-endian. */
final class StateEncoder {
  static final long MAGIC = 0x43414953534e4150L; // "CAISSNAP"
  static final int VERSION = 2;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final DataOutputStream out = new DataOutputStream(bytes);

  private StateEncoder() {}

  static byte[] encode(MachineState state, MemoryDigests digests) {
    var encoder = new StateEncoder();
    try {
      encoder.machine(state, digests);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // an array takes everything
    }
    return encoder.bytes.toByteArray();
  }

  private void machine(MachineState state, MemoryDigests digests) throws IOException {
    out.writeLong(MAGIC);
    out.writeInt(VERSION);
    out.writeLong(state.memory());
    out.writeLong(state.clock());
    out.writeLong(state.savedAt());
    out.writeInt(state.vcpus().size());
    for (VcpuState vcpu : state.vcpus()) {
      vcpu(vcpu);
    }
    byteArrays(state.interruptControllers());
    serial(state.serial());
    out.writeInt(state.devices().size());
    for (DeviceState device : state.devices()) {
      out.writeInt(device.type().number());
      transport(device.transport());
      byteArray(device.remembered());
    }
    byteArrays(digests.chunks());
  }

  private void vcpu(VcpuState vcpu) throws IOException {
    out.writeInt(vcpu.cpuid().entries().size());
    for (Cpuid.Entry leaf : vcpu.cpuid().entries()) {
      out.writeInt(leaf.function());
      out.writeInt(leaf.index());
      out.writeInt(leaf.flags());
      out.writeInt(leaf.eax());
      out.writeInt(leaf.ebx());
      out.writeInt(leaf.ecx());
      out.writeInt(leaf.edx());
    }
    byteArray(vcpu.registers());
    byteArray(vcpu.specialRegisters());
    for (VcpuPart part : VcpuPart.values()) {
      byteArray(Objects.requireNonNull(vcpu.parts().get(part)));
    }
    out.writeInt(vcpu.modelRegisters().size());
    for (Map.Entry<Integer, Long> register : vcpu.modelRegisters().entrySet()) {
      out.writeInt(register.getKey());
      out.writeLong(register.getValue());
    }
  }

  private void serial(SerialState serial) throws IOException {
    out.writeInt(serial.enabled());
    out.writeInt(serial.lineControl());
    out.writeInt(serial.modemControl());
    out.writeInt(serial.scratch());
    out.writeInt(serial.divisor());
    out.writeBoolean(serial.fifo());
    out.writeBoolean(serial.emptied());
    byteArray(serial.input());
  }

  private void transport(MmioState transport) throws IOException {
    out.writeInt(transport.status());
    out.writeLong(transport.driverFeatures());
    out.writeInt(transport.deviceFeaturesSelector());
    out.writeInt(transport.driverFeaturesSelector());
    out.writeInt(transport.queueSelector());
    out.writeInt(transport.interruptStatus());
    out.writeInt(transport.queues().size());
    for (MmioQueue queue : transport.queues()) {
      out.writeInt(queue.size());
      out.writeLong(queue.descriptors());
      out.writeLong(queue.driver());
      out.writeLong(queue.device());
      out.writeBoolean(queue.ready());
      out.writeInt(queue.position());
    }
  }

  private void byteArrays(List<byte[]> arrays) throws IOException {
    out.writeInt(arrays.size());
    for (byte[] array : arrays) {
      byteArray(array);
    }
  }

  private void byteArray(byte[] array) throws IOException {
    out.writeInt(array.length);
    out.write(array);
  }
}
