/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;

/** What runs a guest's instructions under QEMU. */
sealed interface Acceleration {
  /** QEMU's {@code -accel} and {@code -cpu}. */
  List<String> words();

  /** What the guest's kernel is told of it. */
  String forKernel();

  /** QEMU translates them. */
  record Emulated() implements Acceleration {
    /** Translated code is kept in so much; QEMU's own default depends on the host's memory. */
    private static final int TRANSLATIONS_MEBIBYTES = 256;

    /**
     * All that QEMU can emulate, so that programs for newer processors run; but for fast copies of
     * bytes, which it makes one byte at a time where kernel and libc would else copy eight.
     */
    private static final String PROCESSOR = "max,erms=off,fsrm=off";

    @Override
    public List<String> words() {
      return List.of("-accel", "tcg,tb-size=" + TRANSLATIONS_MEBIBYTES, "-cpu", PROCESSOR);
    }

    /**
     * Emulated clocks need no comparing, an emulated processor speculates on nothing, changing the
     * instructions of a kernel for one processor costs more than their locks do, and zeroing each
     * page before it is filled more than it guards: the wall is the machine.
     */
    @Override
    public String forKernel() {
      return "no_timer_check tsc=reliable mitigations=off noreplace-smp init_on_alloc=0";
    }
  }

  /**
   * The processor runs them.
   *
   * @param group whose members may open /dev/kvm; absent where everybody may
   */
  record Kvm(OptionalInt group) implements Acceleration {
    @Override
    public List<String> words() {
      return List.of("-accel", "kvm", "-cpu", "host");
    }

    @Override
    public String forKernel() {
      return "";
    }
  }

  static Acceleration ofThisHost() {
    return of(new HardwareVirtualization(), Path.of("/dev/kvm"));
  }

  static Acceleration of(HardwareVirtualization hardware, Path device) {
    if (hardware.missing().isPresent()) {
      return new Emulated();
    }
    try {
      return new Kvm(OptionalInt.of((int) Files.getAttribute(device, "unix:gid")));
    } catch (IOException e) {
      return new Kvm(OptionalInt.empty()); // it has just been there; QEMU will say what it misses
    }
  }
}
