/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.call;

import dev.caisson.linux.Errno;
import dev.caisson.linux.LinuxException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** The posix_spawn family of libc, which answers its error number instead of setting errno. */
public final class SpawnLibrary {
  private static final Linker LINKER = Linker.nativeLinker();
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT;
  private static final AddressLayout PTR = ValueLayout.ADDRESS;

  private static final MethodHandle SPAWN = handle("posix_spawn", PTR, PTR, PTR, PTR, PTR, PTR);
  private static final MethodHandle ACTIONS_INIT = handle("posix_spawn_file_actions_init", PTR);
  private static final MethodHandle ACTIONS_FREE = handle("posix_spawn_file_actions_destroy", PTR);
  private static final MethodHandle ADD_DUP =
      handle("posix_spawn_file_actions_adddup2", PTR, INT, INT);
  private static final MethodHandle ADD_CLOSE =
      handle("posix_spawn_file_actions_addclose", PTR, INT);
  private static final MethodHandle ADD_CLOSE_FROM =
      handle("posix_spawn_file_actions_addclosefrom_np", PTR, INT);
  private static final MethodHandle ATTRIBUTES_INIT = handle("posix_spawnattr_init", PTR);
  private static final MethodHandle ATTRIBUTES_FREE = handle("posix_spawnattr_destroy", PTR);
  private static final MethodHandle SET_FLAGS = handle("posix_spawnattr_setflags", PTR, SHORT);
  private static final MethodHandle SET_MASK = handle("posix_spawnattr_setsigmask", PTR, PTR);
  private static final MethodHandle SET_DEFAULT = handle("posix_spawnattr_setsigdefault", PTR, PTR);

  private SpawnLibrary() {}

  public static void initActions(MemorySegment actions) {
    checked("posix_spawn_file_actions_init", () -> (int) ACTIONS_INIT.invokeExact(actions));
  }

  public static void freeActions(MemorySegment actions) {
    checked("posix_spawn_file_actions_destroy", () -> (int) ACTIONS_FREE.invokeExact(actions));
  }

  public static void addDuplicate(MemorySegment actions, int from, int to) {
    checked("posix_spawn_file_actions_adddup2", () -> (int) ADD_DUP.invokeExact(actions, from, to));
  }

  public static void addClose(MemorySegment actions, int number) {
    checked(
        "posix_spawn_file_actions_addclose", () -> (int) ADD_CLOSE.invokeExact(actions, number));
  }

  public static void addCloseFrom(MemorySegment actions, int number) {
    checked(
        "posix_spawn_file_actions_addclosefrom_np",
        () -> (int) ADD_CLOSE_FROM.invokeExact(actions, number));
  }

  public static void initAttributes(MemorySegment attributes) {
    checked("posix_spawnattr_init", () -> (int) ATTRIBUTES_INIT.invokeExact(attributes));
  }

  public static void freeAttributes(MemorySegment attributes) {
    checked("posix_spawnattr_destroy", () -> (int) ATTRIBUTES_FREE.invokeExact(attributes));
  }

  public static void setFlags(MemorySegment attributes, short flags) {
    checked("posix_spawnattr_setflags", () -> (int) SET_FLAGS.invokeExact(attributes, flags));
  }

  public static void setSignalMask(MemorySegment attributes, MemorySegment signals) {
    checked("posix_spawnattr_setsigmask", () -> (int) SET_MASK.invokeExact(attributes, signals));
  }

  public static void setDefaultSignals(MemorySegment attributes, MemorySegment signals) {
    checked(
        "posix_spawnattr_setsigdefault", () -> (int) SET_DEFAULT.invokeExact(attributes, signals));
  }

  /** Answers 0 or the error number of clone(2) or execve(2). */
  public static int spawn(
      MemorySegment pid,
      MemorySegment program,
      MemorySegment actions,
      MemorySegment attributes,
      MemorySegment arguments,
      MemorySegment environment) {
    try {
      return (int) SPAWN.invokeExact(pid, program, actions, attributes, arguments, environment);
    } catch (Throwable t) {
      throw Downcall.unexpected(t);
    }
  }

  private interface Invocation {
    int invoke() throws Throwable;
  }

  private static void checked(String call, Invocation invocation) {
    int error;
    try {
      error = invocation.invoke();
    } catch (Throwable t) {
      throw Downcall.unexpected(t);
    }
    if (error != 0) {
      throw new LinuxException(call, "", Errno.of(error));
    }
  }

  private static MethodHandle handle(String name, MemoryLayout... parameters) {
    return LINKER.downcallHandle(
        LINKER.defaultLookup().findOrThrow(name), FunctionDescriptor.of(INT, parameters));
  }
}
