/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.node;

import dev.caisson.linux.call.Downcall;
import dev.caisson.linux.call.Scratch;
import dev.caisson.linux.call.SystemCall;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Who creates a file: the calling platform thread takes a user and group for a while, as file
 * servers do. Without root the thread stays what it is.
 */
public final class Caller implements AutoCloseable {
  private static final int CLONE_FS = 0x200;
  private static final int KEEP_SET_ID_BITS = 1 << 4; // CAP_FSETID
  private static final int CAPABILITY_VERSION_3 = 0x20080522;
  private static final ThreadLocal<Boolean> PREPARED = ThreadLocal.withInitial(Caller::prepare);
  private static final boolean ROOT = Downcall.attempt(SystemCall.GETEUID, 0) == 0;

  private static final Caller ITSELF = new Caller(false);
  private static final Caller OTHER = new Caller(true);

  private final boolean other;

  private Caller(boolean other) {
    this.other = other;
  }

  /**
   * Until it is closed, by the same thread, new files belong to the given owner, and there is no
   * umask. Capabilities stay: whether the user may write here was decided where the user is known,
   * in the guest.
   */
  public static Caller as(int user, int group) {
    if (Thread.currentThread().isVirtual()) {
      throw new IllegalStateException("a virtual thread would change its carrier's user");
    }
    PREPARED.get();
    if (!ROOT || (user == 0 && group == 0)) {
      return ITSELF;
    }
    Downcall.attempt(SystemCall.SETFSGID, Integer.toUnsignedLong(group));
    Downcall.attempt(SystemCall.SETFSUID, Integer.toUnsignedLong(user));
    try {
      raiseCapabilities();
      return OTHER;
    } catch (RuntimeException | Error e) {
      OTHER.close();
      throw e;
    }
  }

  @Override
  public void close() {
    if (other) {
      Downcall.attempt(SystemCall.SETFSUID, 0);
      Downcall.attempt(SystemCall.SETFSGID, 0);
    }
  }

  /** A umask of its own: unshare(2) CLONE_FS, so that the process keeps the one it has. */
  private static boolean prepare() {
    if (Downcall.attempt(SystemCall.UNSHARE, CLONE_FS) < 0) {
      return false;
    }
    Downcall.attempt(SystemCall.UMASK, 0);
    Downcall.attempt(
        SystemCall.SETGROUPS, 0, 0); // a caller is in no group of ours; this thread only
    return true;
  }

  /** A file-system user other than 0 dropped the effective file capabilities. capabilities(7) */
  private static void raiseCapabilities() {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment header = scratch.allocate(8, 4);
      header.set(ValueLayout.JAVA_INT, 0, CAPABILITY_VERSION_3);
      MemorySegment sets = scratch.allocate(24, 4); // effective, permitted, inheritable; twice
      if (Downcall.attempt(SystemCall.CAPGET, header.address(), sets.address()) < 0) {
        return;
      }
      // Without CAP_FSETID: what a caller makes in a group it is not in gets no set-group-id bit.
      sets.set(ValueLayout.JAVA_INT, 0, sets.get(ValueLayout.JAVA_INT, 4) & ~KEEP_SET_ID_BITS);
      sets.set(ValueLayout.JAVA_INT, 12, sets.get(ValueLayout.JAVA_INT, 16));
      Downcall.attempt(SystemCall.CAPSET, header.address(), sets.address());
    }
  }
}
