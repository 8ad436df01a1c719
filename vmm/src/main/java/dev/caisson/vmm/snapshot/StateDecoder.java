/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.snapshot;

import dev.caisson.kvm.Cpuid;
import dev.caisson.kvm.VcpuPart;
import dev.caisson.kvm.VcpuState;
import dev.caisson.virtio.device.DeviceType;
import dev.caisson.virtio.transport.MmioQueue;
import dev.caisson.virtio.transport.MmioState;
import dev.caisson.vmm.VmmException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/** Reads what {@link StateEncoder} wrote, or refuses it with the offset of what is wrong. */
final class StateDecoder {
  private static final int MOST = 1 << 20;

  private final ByteBuffer in;

  private StateDecoder(ByteBuffer in) {
    this.in = in;
  }

  /** The state, and the digests of the memory that belongs to it. */
  record Decoded(MachineState state, MemoryDigests digests) {}

  /**
   * @throws VmmException BAD_IMAGE
   */
  static Decoded decode(byte[] bytes) {
    var decoder = new StateDecoder(ByteBuffer.wrap(bytes));
    try {
      return decoder.machine();
    } catch (BufferUnderflowException e) {
      throw decoder.refused("it ends too early");
    } catch (IllegalArgumentException e) {
      throw decoder.refused(String.valueOf(e.getMessage()));
    }
  }

  private VmmException refused(String reason) {
    return VmmException.badImage("snapshot state", in.position(), reason);
  }

  private Decoded machine() {
    if (in.getLong() != StateEncoder.MAGIC) {
      throw refused("it is no snapshot of a machine");
    }
    int version = in.getInt();
    if (version != StateEncoder.VERSION) {
      throw refused("version " + version + "; this program reads " + StateEncoder.VERSION);
    }
    long memory = in.getLong();
    long clock = in.getLong();
    long savedAt = in.getLong();
    List<VcpuState> vcpus = list(this::vcpu);
    List<byte[]> controllers = list(this::byteArray);
    var state =
        new MachineState(memory, clock, savedAt, vcpus, controllers, serial(), list(this::device));
    var digests = new MemoryDigests(list(this::byteArray));
    if (in.hasRemaining()) {
      throw refused(in.remaining() + " bytes too many");
    }
    return new Decoded(state, digests);
  }

  private VcpuState vcpu() {
    var cpuid = new Cpuid(list(this::leaf));
    byte[] registers = byteArray();
    byte[] special = byteArray();
    Map<VcpuPart, byte[]> parts = new EnumMap<>(VcpuPart.class);
    for (VcpuPart part : VcpuPart.values()) {
      parts.put(part, byteArray());
    }
    Map<Integer, Long> model = new TreeMap<>();
    for (int left = count(); left > 0; left--) {
      model.put(in.getInt(), in.getLong());
    }
    return new VcpuState(cpuid, registers, special, parts, model);
  }

  private Cpuid.Entry leaf() {
    return new Cpuid.Entry(
        in.getInt(), in.getInt(), in.getInt(), in.getInt(), in.getInt(), in.getInt(), in.getInt());
  }

  private SerialState serial() {
    return new SerialState(
        in.getInt(),
        in.getInt(),
        in.getInt(),
        in.getInt(),
        in.getInt(),
        flag(),
        flag(),
        byteArray());
  }

  private DeviceState device() {
    int number = in.getInt();
    DeviceType type =
        Arrays.stream(DeviceType.values())
            .filter(known -> known.number() == number)
            .findFirst()
            .orElseThrow(() -> refused("unknown device type " + number));
    return new DeviceState(type, transport(), byteArray());
  }

  private MmioState transport() {
    return new MmioState(
        in.getInt(),
        in.getLong(),
        in.getInt(),
        in.getInt(),
        in.getInt(),
        in.getInt(),
        list(this::queue));
  }

  private MmioQueue queue() {
    return new MmioQueue(
        in.getInt(), in.getLong(), in.getLong(), in.getLong(), flag(), in.getInt());
  }

  private boolean flag() {
    byte value = in.get();
    if ((value & ~1) != 0) {
      throw refused("flag " + value);
    }
    return value == 1;
  }

  private int count() {
    int count = in.getInt();
    if (count < 0 || count > MOST) {
      throw refused("a list of " + Integer.toUnsignedString(count));
    }
    return count;
  }

  private <T> List<T> list(Supplier<T> element) {
    List<T> read = new ArrayList<>();
    for (int left = count(); left > 0; left--) {
      read.add(element.get());
    }
    return read;
  }

  private byte[] byteArray() {
    int length = count();
    if (length > in.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] bytes = new byte[length];
    in.get(bytes);
    return bytes;
  }
}
