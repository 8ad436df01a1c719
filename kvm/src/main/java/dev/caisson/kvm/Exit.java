/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.kvm;

/** Why a vCPU stopped running guest code. */
public sealed interface Exit {

  /**
   * The guest wrote to a port.
   *
   * @param size 1, 2 or 4 bytes
   */
  record PortWrite(int port, int size, int value) implements Exit {}

  /** The guest reads from a port; answer with {@link Vcpu#answer} before running on. */
  record PortRead(int port, int size) implements Exit {}

  /** A string instruction moves several values; answer each with its index. */
  record PortString(int port, int size, int count, boolean write) implements Exit {}

  /**
   * The guest wrote where no memory is.
   *
   * @param size 1 to 8 bytes
   */
  record MemoryWrite(long address, int size, long value) implements Exit {}

  /** The guest reads where no memory is; answer with {@link Vcpu#answer} before running on. */
  record MemoryRead(long address, int size) implements Exit {}

  /** Without in-kernel interrupt controllers: the guest waits for an interrupt. */
  record Halted() implements Exit {}

  /** A triple fault. */
  record Shutdown() implements Exit {}

  /** A kick. */
  record Interrupted() implements Exit {}

  /** The processor refused to enter the guest; its own reason code. */
  record EntryFailed(long hardwareReason) implements Exit {}

  /** KVM gave up, for instance on an instruction it cannot emulate. */
  record InternalError(int code) implements Exit {}

  /**
   * The guest asks for something by KVM's system events.
   *
   * @param type 1 shutdown, 2 reset, 3 crash
   */
  record SystemEvent(int type) implements Exit {}

  /** A reason this library has no name for. */
  record Unknown(int reason) implements Exit {}
}
