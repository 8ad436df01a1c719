/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.machine.engine.LogTail;
import dev.caisson.machine.engine.RunningMachine;
import dev.caisson.machine.guest.GuestFailure;
import dev.caisson.machine.kernel.KernelStore;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.SandboxException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Waits for what a guest was asked, as long as its machine runs. */
record Patience(RunningMachine machine, Place place) {
  /** For an answer of a guest that runs. */
  static final int ANSWER_SECONDS = 60;

  /** Of QEMU, of the console under QEMU, of the console under our own hypervisor. */
  private static final List<String> LOGS =
      List.of("qemu.log", "vmm.log", "machine/console.log", "console.log");

  <T> T await(CompletableFuture<T> wanted, int seconds, String what) {
    try {
      CompletableFuture.anyOf(wanted, machine.ended()).get(seconds, TimeUnit.SECONDS);
      if (wanted.isDone()) {
        return wanted.get();
      }
      throw failure(what + ": " + machine.ended().join(), null);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof GuestFailure refused && refused.step() != GuestFailure.NO_STEP) {
        throw refused;
      }
      Throwable why = e.getCause();
      throw failure(what + ": " + (why instanceof GuestFailure ? why.getMessage() : why), e);
    } catch (TimeoutException e) {
      throw failure(what + " within " + seconds + " s", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure("interrupted", e);
    }
  }

  /**
   * For the first word of a guest. Where none comes, its kernel or what was made of it is to blame.
   */
  void awaitBoot(CompletableFuture<Void> ready, int seconds, KernelStore kernels) {
    try {
      await(ready, seconds, "the guest did not come up");
    } catch (SandboxException e) {
      String remedy =
          "%s%n  try: another kernel (caisson kernel ls, use, fetch); or remove %s, which is made anew"
              .formatted(e.getMessage(), kernels.unpackedFiles());
      throw new SandboxException(e.kind(), remedy, e);
    }
  }

  /** With what the machine said last. */
  SandboxException failure(String text, @Nullable Exception cause) {
    String tails = "";
    for (String log : LOGS) {
      tails += tail(place.run().resolve(log));
    }
    return new SandboxException(SandboxException.Kind.FAILED, text + tails, cause);
  }

  /** The last words of a log, which usually say why. */
  private static String tail(Path log) {
    try {
      String last = LogTail.of(log);
      return last.isEmpty() ? "" : "\n" + log.getFileName() + ": " + last;
    } catch (IOException e) {
      return "\n" + log.getFileName() + ": " + e.getMessage();
    }
  }
}
