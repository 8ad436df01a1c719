/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.process;

import dev.caisson.linux.Fd;
import dev.caisson.linux.call.Downcall;
import dev.caisson.linux.call.SystemCall;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs work inside other namespaces, on a platform thread that is used for nothing else and then
 * ends: a namespace belongs to a thread, and a carrier or pooled thread must not be left elsewhere.
 *
 * <p>A thread inherits the namespaces of the thread that makes it, and the JVM makes carriers of
 * virtual threads on whatever thread first needs one. So the work must be short and of system
 * calls: it must not start threads, nor let go of anything a virtual thread waits for. What does
 * more than that, as tests do, needs a JVM of its own.
 *
 * <p>User and PID namespaces cannot be entered this way: the kernel refuses the first to a
 * multithreaded process, and the second applies to children only.
 */
public final class NamespaceThread {
  private static final int CLONE_FS = 0x200;

  private NamespaceThread() {}

  /** Does {@code work} after entering the namespace behind {@code target}. setns(2) */
  public static <T extends @Nullable Object> T inside(Namespace kind, Fd target, Supplier<T> work) {
    return onOwnThread(() -> {
      enter(kind, target);
      return work.get();
    });
  }

  /** Does {@code work} in new namespaces of these kinds. unshare(2) */
  public static <T extends @Nullable Object> T insideNew(Supplier<T> work, Namespace... kinds) {
    return onOwnThread(() -> {
      create(kinds);
      return work.get();
    });
  }

  /**
   * Does {@code work} in a new namespace on the calling thread, which the caller must own, and goes
   * back. A thread that cannot go back is told by the exception, and must end.
   */
  public static <T> T insideNewAndBack(Namespace kind, Supplier<T> work) {
    requirePlatformThread();
    try (Fd before = kind.ofThisThread()) {
      create(kind);
      try {
        return work.get();
      } finally {
        enter(kind, before);
      }
    }
  }

  /**
   * Moves the calling thread, which the caller must own and let end afterwards. A mount namespace
   * needs a root and working directory of the thread's own first. setns(2)
   */
  public static void enter(Namespace kind, Fd target) {
    requirePlatformThread();
    if (kind == Namespace.MOUNT) {
      Downcall.checked("unshare", "fs", SystemCall.UNSHARE, CLONE_FS);
    }
    Downcall.checked("setns", kind, SystemCall.SETNS, target.number(), kind.flag());
  }

  /** Gives the calling thread, owned as for {@link #enter}, new namespaces. unshare(2) */
  public static void create(Namespace... kinds) {
    requirePlatformThread();
    long flags = 0;
    for (Namespace kind : kinds) {
      flags |= kind.flag();
    }
    Downcall.checked("unshare", List.of(kinds), SystemCall.UNSHARE, flags);
  }

  private static <T extends @Nullable Object> T onOwnThread(Supplier<T> work) {
    var result = new CompletableFuture<T>();
    Thread thread =
        Thread.ofPlatform()
            .name("namespace")
            .start(() -> {
              try {
                result.complete(work.get());
              } catch (Throwable t) {
                result.completeExceptionally(t);
              }
            });
    try {
      thread.join();
      return result.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while working in a namespace", e);
    } catch (CompletionException e) {
      throw rethrown(e.getCause());
    }
  }

  private static RuntimeException rethrown(@Nullable Throwable cause) {
    return switch (cause) {
      case RuntimeException e -> e;
      case Error e -> throw e;
      case null, default -> new IllegalStateException(cause);
    };
  }

  private static void requirePlatformThread() {
    if (Thread.currentThread().isVirtual()) {
      throw new IllegalStateException("a virtual thread would leave its carrier in the namespace");
    }
  }
}
