/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.call;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.HexFormat;

/**
 * The instructions that hand a C function's arguments to the kernel, in a page of this process.
 *
 * <p>libc has the same in syscall(2), but moves the kernel's answer to errno, which the linker then
 * has to save with each call before the JVM overwrites it: a third of what a short call costs.
 */
final class KernelEntry {
  private static final Linker LINKER = Linker.nativeLinker();
  private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG;
  private static final FunctionDescriptor WORDS =
      FunctionDescriptor.of(WORD, WORD, WORD, WORD, WORD, WORD, WORD, WORD);
  private static final FunctionDescriptor WITH_SEGMENT =
      FunctionDescriptor.of(WORD, WORD, WORD, ValueLayout.ADDRESS, WORD, WORD);

  private static final int PAGE = 4096;
  private static final long READ_WRITE = 3;
  private static final long READ_EXECUTE = 5;
  private static final long PRIVATE_ANONYMOUS = 0x22;

  // Intel 64 manual, volume 2; argument registers as of the System V ABI and of syscall(2).
  private static final byte[] INSTRUCTIONS =
      HexFormat.of()
          .parseHex(
              "f30f1efa" // endbr64
                  + "4889f8" // mov rax, rdi: the number
                  + "4889f7" // mov rdi, rsi
                  + "4889d6" // mov rsi, rdx
                  + "4889ca" // mov rdx, rcx
                  + "4d89c2" // mov r10, r8
                  + "4d89c8" // mov r8, r9
                  + "4c8b4c2408" // mov r9, [rsp+8]
                  + "0f05" // syscall
                  + "c3"); // ret

  private static final MemorySegment ENTRY = MemorySegment.ofAddress(page());

  private KernelEntry() {}

  /** Takes the number and six words; answers as the kernel does, minus errno for a refusal. */
  static MethodHandle words() {
    return LINKER.downcallHandle(ENTRY, WORDS);
  }

  /** As {@link #words}, with a segment in the place of the second of four words. */
  static MethodHandle withSegment() {
    return LINKER.downcallHandle(ENTRY, WITH_SEGMENT);
  }

  private static long page() {
    String machine = System.getProperty("os.arch");
    if (!"amd64".equals(machine)) {
      throw new UnsupportedOperationException(
          "Caisson knows the system calls of x86-64 only; this machine is " + machine);
    }
    MethodHandle libc = LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow("syscall"), WORDS);
    try {
      long page =
          (long)
              libc.invokeExact(
                  SystemCall.MMAP, 0L, (long) PAGE, READ_WRITE, PRIVATE_ANONYMOUS, -1L, 0L);
      if (page == -1) {
        throw new IllegalStateException("no memory for the entry to the kernel");
      }
      MemorySegment.ofAddress(page).reinterpret(PAGE).copyFrom(MemorySegment.ofArray(INSTRUCTIONS));
      if ((long) libc.invokeExact(SystemCall.MPROTECT, page, (long) PAGE, READ_EXECUTE, 0L, 0L, 0L)
          != 0) {
        throw new IllegalStateException("this process may not make memory executable");
      }
      return page;
    } catch (Throwable t) {
      throw Downcall.unexpected(t);
    }
  }
}
