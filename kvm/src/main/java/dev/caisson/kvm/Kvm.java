/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.kvm;

import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.device.Ioctl;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The host's virtual machine device. Documentation/virt/kvm/api.rst */
public final class Kvm implements AutoCloseable {
  private static final Path DEVICE = Path.of("/dev/kvm");
  private static final int API_VERSION = 12;
  private static final int CPUID_ENTRY = 40;
  private static final int MOST_CPUID_ENTRIES = 256;
  private static final int MOST_MODEL_REGISTERS = 1024;

  private final Fd device;
  private final long runSize;
  private volatile @Nullable Cpuid supported;

  private Kvm(Fd device, long runSize) {
    this.device = device;
    this.runSize = runSize;
  }

  /**
   * @throws KvmException UNAVAILABLE with the remedy
   */
  public static Kvm open() {
    Fd device;
    try {
      device = Directory.openFile(DEVICE, 0, OpenFlag.READ_WRITE);
    } catch (LinuxException e) {
      throw new KvmException(
          KvmException.Kind.UNAVAILABLE, e.getMessage() + "; " + remedy(e.errno()), e);
    }
    return of(device);
  }

  /**
   * One that somebody else has opened.
   *
   * @param device closed with this, or when this fails
   * @throws KvmException UNSUPPORTED for another interface
   */
  public static Kvm of(Fd device) {
    try {
      long version = Ioctl.checked("KVM_GET_API_VERSION", device, Request.GET_API_VERSION, 0);
      if (version != API_VERSION) {
        throw new KvmException(
            KvmException.Kind.UNSUPPORTED, "KVM API version " + version + ", 12 is needed");
      }
      return new Kvm(
          device, Ioctl.checked("KVM_GET_VCPU_MMAP_SIZE", device, Request.GET_VCPU_MMAP_SIZE, 0));
    } catch (LinuxException e) {
      device.close();
      throw new KvmException(
          KvmException.Kind.UNAVAILABLE, DEVICE + " is not KVM's: " + e.getMessage(), e);
    } catch (KvmException e) {
      device.close();
      throw e;
    }
  }

  /** What helps when the device cannot be opened, or no machine made. */
  static String remedy(Errno errno) {
    return switch (errno) {
      case EACCES, EPERM -> "add this user to the group of /dev/kvm";
      case EMFILE, ENFILE -> "raise the engine's limit of open files (LimitNOFILE)";
      case EBUSY -> "end the other hypervisor that has the processor's virtualization";
      case ENOMEM -> "the host's kernel has no memory left: end some machines";
      default -> "load kvm-intel or kvm-amd, or enable virtualization in the firmware";
    };
  }

  /** What KVM_CHECK_EXTENSION answers; 0 is no. */
  public int extension(Capability capability) {
    return (int)
        Ioctl.checked(
            "KVM_CHECK_EXTENSION " + capability,
            device,
            Request.CHECK_EXTENSION,
            capability.number());
  }

  /** A machine without memory and vCPUs. KVM_CREATE_VM */
  public VirtualMachine createMachine() {
    try {
      return new VirtualMachine(
          Fd.adopt(Ioctl.checked("KVM_CREATE_VM", device, Request.CREATE_VM, 0)), runSize);
    } catch (LinuxException e) {
      boolean told = e.is(Errno.EBUSY) || e.is(Errno.ENOMEM);
      throw told
          ? new KvmException(KvmException.Kind.FAILED, e.getMessage() + "; " + remedy(e.errno()), e)
          : KvmException.failed(e);
    }
  }

  /**
   * What a guest may be told of the processor, as the kernel would tell it. Asked once: it does not
   * change while the host runs, and each of its answers may cost the host's own hypervisor an exit.
   */
  public Cpuid supportedCpuid() {
    Cpuid known = supported;
    if (known == null) {
      known = readSupportedCpuid();
      supported = known;
    }
    return known;
  }

  private Cpuid readSupportedCpuid() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment list = arena.allocate(8L + CPUID_ENTRY * MOST_CPUID_ENTRIES, 8);
      list.set(ValueLayout.JAVA_INT, 0, MOST_CPUID_ENTRIES);
      Ioctl.checked("KVM_GET_SUPPORTED_CPUID", device, Request.GET_SUPPORTED_CPUID, list);
      Cpuid told = Cpuid.read(list);
      return extension(Capability.TSC_DEADLINE_TIMER) > 0 ? told.withDeadlineTimer() : told;
    } catch (LinuxException e) {
      throw KvmException.failed(e);
    }
  }

  /** Numbers of the model-specific registers that make up a guest's state. */
  public List<Integer> modelRegisters() {
    ByteBuffer list = ByteBuffer.allocate(4 + 4 * MOST_MODEL_REGISTERS);
    list.order(ByteOrder.LITTLE_ENDIAN).putInt(0, MOST_MODEL_REGISTERS);
    try {
      byte[] answer =
          Ioctl.exchanged(
              "KVM_GET_MSR_INDEX_LIST", device, Request.GET_MSR_INDEX_LIST, list.array());
      ByteBuffer numbers = ByteBuffer.wrap(answer).order(ByteOrder.LITTLE_ENDIAN);
      return IntStream.range(0, numbers.getInt(0))
          .mapToObj(i -> numbers.getInt(4 + 4 * i))
          .toList();
    } catch (LinuxException e) {
      throw KvmException.failed(e);
    }
  }

  @Override
  public void close() {
    device.close();
  }
}
