/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.machine;

import dev.caisson.kvm.Exit;
import dev.caisson.kvm.KvmException;
import dev.caisson.kvm.Vcpu;
import dev.caisson.kvm.VcpuState;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.process.NativeThread;
import dev.caisson.linux.process.ThreadEnd;
import dev.caisson.vmm.bus.Bus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One vCPU and the platform thread that runs it. Whatever it meets ends the guest at worst: nothing
 * leaves the thread but a {@link MachineEnd}.
 */
final class VcpuThread {
  private static final System.Logger LOG = System.getLogger(VcpuThread.class.getName());
  private static final int WRITES_IN_A_STRING = 1 << 12;

  private final Vcpu vcpu;
  private final Bus ports;
  private final Bus memory;
  private final Gate gate;
  private final Consumer<MachineEnd> end;
  private final Thread thread;
  private @Nullable NativeThread running;
  private long pin;

  /**
   * @param pin mask of host CPUs; 0 for any
   * @param board answers the guest's ports and registers
   * @param end told once when this vCPU finds that the machine is over
   */
  VcpuThread(String name, Vcpu vcpu, long pin, Board board, Gate gate, Consumer<MachineEnd> end) {
    this.vcpu = vcpu;
    this.ports = board.ports();
    this.memory = board.registers();
    this.gate = gate;
    this.end = end;
    this.pin = pin;
    this.thread = Thread.ofPlatform().name(name).daemon().unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /**
   * Binds the thread to other host CPUs, from its beginning or at once.
   *
   * @param mask of host CPUs
   * @throws LinuxException when the host has none of them for us; the thread stays where it was
   */
  synchronized void pin(long mask) {
    if (running != null) {
      running.pin(mask);
    }
    pin = mask;
  }

  /** Brings the vCPU back to the gate. */
  void kick() {
    vcpu.kick();
  }

  boolean started() {
    return thread.getState() != Thread.State.NEW;
  }

  /** With the machine paused. */
  VcpuState save(List<Integer> modelRegisters) {
    return vcpu.save(modelRegisters);
  }

  /** Host CPU time of the thread, guest code included; 0 unless it runs. */
  Duration cpuTime() {
    NativeThread now;
    synchronized (this) {
      now = running;
    }
    if (now == null) {
      return Duration.ZERO;
    }
    try {
      String text = Files.readString(Path.of("/proc/self/task/" + now.number() + "/schedstat"));
      return Duration.ofNanos(Long.parseLong(text.substring(0, text.indexOf(' '))));
    } catch (IOException e) {
      return Duration.ZERO; // it has just ended
    }
  }

  /** Waits for the thread, unless it is the caller. */
  void join() {
    ThreadEnd.await(thread);
  }

  private synchronized void begin() {
    NativeThread own = vcpu.enter();
    if (pin != 0) {
      own.pin(pin);
    }
    running = own;
  }

  /** Its number may soon be another thread's. */
  private synchronized void leave() {
    running = null;
  }

  private void run() {
    try {
      begin();
      while (gate.pass()) {
        Exit exit = vcpu.run();
        while (serve(exit)) {
          exit = vcpu.run();
        }
      }
    } catch (KvmException | LinuxException e) {
      end.accept(fault("vCPU " + vcpu.id() + ": " + e.getMessage()));
    } catch (RuntimeException | Error e) {
      LOG.log(System.Logger.Level.ERROR, thread.getName() + " ended", e);
      end.accept(fault("vCPU " + vcpu.id() + ": a device failed: " + e));
    } finally {
      leave();
      gate.leave();
    }
  }

  /** Does what an exit asks for; false to look at the gate before running on. */
  private boolean serve(Exit exit) {
    switch (exit) {
      case Exit.PortWrite write -> ports.write(write.port(), write.size(), write.value());
      case Exit.PortRead read -> vcpu.answer(read, ports.read(read.port(), read.size()));
      case Exit.PortString string -> string(string);
      case Exit.MemoryWrite write -> memory.write(write.address(), write.size(), write.value());
      case Exit.MemoryRead read -> vcpu.answer(read, memory.read(read.address(), read.size()));
      case Exit.Interrupted _ -> {
        return false;
      }
      case Exit.Shutdown _ ->
          end.accept(
              new MachineEnd(MachineEnd.Kind.RESET, "vCPU " + vcpu.id() + " met a triple fault"));
      case Exit.SystemEvent event -> end.accept(event(event));
      case Exit.Halted _ -> end.accept(fault("vCPU " + vcpu.id() + " halted outside the kernel"));
      case Exit.EntryFailed failed ->
          end.accept(
              fault(
                  "vCPU %d: the processor refused to enter the guest, reason 0x%x"
                      .formatted(vcpu.id(), failed.hardwareReason())));
      case Exit.InternalError error ->
          end.accept(
              fault(
                  "vCPU "
                      + vcpu.id()
                      + ": KVM cannot go on: "
                      + (error.code() == 1
                          ? "an instruction it cannot emulate"
                          : "internal error " + error.code())));
      case Exit.Unknown unknown ->
          end.accept(fault("vCPU " + vcpu.id() + ": unknown exit " + unknown.reason()));
    }
    return switch (exit) {
      // Power, reset and faults demolish the gate; registers of our own may have done so too.
      case Exit.PortWrite _, Exit.MemoryWrite _, Exit.PortString _ -> gate.isOpen();
      case Exit.PortRead _, Exit.MemoryRead _ -> true;
      default -> false;
    };
  }

  private void string(Exit.PortString string) {
    int count = Math.min(string.count(), WRITES_IN_A_STRING);
    for (int i = 0; i < count; i++) {
      if (string.write()) {
        ports.write(string.port(), string.size(), vcpu.written(string, i));
      } else {
        vcpu.answer(string, i, (int) ports.read(string.port(), string.size()));
      }
    }
  }

  private MachineEnd event(Exit.SystemEvent event) {
    return switch (event.type()) {
      case 1 -> new MachineEnd(MachineEnd.Kind.POWER_OFF, "the guest switched itself off");
      case 2 -> new MachineEnd(MachineEnd.Kind.RESET, "the guest asked for a reset");
      default -> fault("the guest reported a crash, event " + event.type());
    };
  }

  private MachineEnd fault(String cause) {
    String registers;
    try {
      registers = vcpu.registers().dump() + vcpu.specialRegisters().dump();
    } catch (KvmException e) {
      registers = "no registers: " + e.getMessage() + "\n";
    }
    return new MachineEnd(MachineEnd.Kind.FAULT, cause + "\n" + registers);
  }
}
