/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.nftables;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/** nftables by its library: no process per change. libnftables(3) */
final class LibraryRuleEngine implements RuleEngine {
  private static final String LIBRARY = "libnftables.so.1";
  private static final long LONGEST_OUTPUT = 64L << 20;

  /** The functions, looked up once. */
  private record Functions(
      MethodHandle open,
      MethodHandle free,
      MethodHandle bufferOutput,
      MethodHandle bufferError,
      MethodHandle run,
      MethodHandle output,
      MethodHandle error) {
    static final Optional<Functions> INSTALLED = load();

    private static Optional<Functions> load() {
      SymbolLookup library;
      try {
        library = SymbolLookup.libraryLookup(LIBRARY, Arena.global());
      } catch (IllegalArgumentException e) {
        return Optional.empty(); // not installed
      }
      var address = ValueLayout.ADDRESS;
      var number = ValueLayout.JAVA_INT;
      return Optional.of(
          new Functions(
              handle(library, "nft_ctx_new", FunctionDescriptor.of(address, number)),
              handle(library, "nft_ctx_free", FunctionDescriptor.ofVoid(address)),
              handle(library, "nft_ctx_buffer_output", FunctionDescriptor.of(number, address)),
              handle(library, "nft_ctx_buffer_error", FunctionDescriptor.of(number, address)),
              handle(
                  library,
                  "nft_run_cmd_from_buffer",
                  FunctionDescriptor.of(number, address, address)),
              handle(library, "nft_ctx_get_output_buffer", text(address)),
              handle(library, "nft_ctx_get_error_buffer", text(address))));
    }

    private static FunctionDescriptor text(MemoryLayout context) {
      return FunctionDescriptor.of(ValueLayout.ADDRESS, context);
    }

    private static MethodHandle handle(
        SymbolLookup library, String name, FunctionDescriptor descriptor) {
      return Linker.nativeLinker().downcallHandle(library.findOrThrow(name), descriptor);
    }
  }

  private final Functions functions;
  private MemorySegment context;

  private LibraryRuleEngine(Functions functions, MemorySegment context) {
    this.functions = functions;
    this.context = context;
  }

  static boolean isPresent() {
    return Functions.INSTALLED.isPresent();
  }

  static LibraryRuleEngine open() {
    Functions functions = Functions.INSTALLED.orElseThrow();
    return guarded(() -> {
      MemorySegment context = (MemorySegment) functions.open.invokeExact(0);
      if (context.equals(MemorySegment.NULL)
          || (int) functions.bufferOutput.invokeExact(context) != 0
          || (int) functions.bufferError.invokeExact(context) != 0) {
        throw new RuleException("cannot open a context; is the nf_tables module loaded?");
      }
      return new LibraryRuleEngine(functions, context);
    });
  }

  @Override
  public void run(String commands) {
    query(commands);
  }

  /** One context is not meant for several threads at once. */
  @Override
  public synchronized String query(String commands) {
    if (context.equals(MemorySegment.NULL)) {
      throw new IllegalStateException("rule engine is closed");
    }
    return guarded(() -> {
      int result;
      try (Arena arena = Arena.ofConfined()) {
        result = (int) functions.run.invokeExact(context, arena.allocateFrom(commands));
      }
      String output = text((MemorySegment) functions.output.invokeExact(context));
      String error = text((MemorySegment) functions.error.invokeExact(context));
      if (result != 0) {
        throw new RuleException(error);
      }
      return output;
    });
  }

  @Override
  public synchronized void close() {
    if (context.equals(MemorySegment.NULL)) {
      return;
    }
    guarded(() -> {
      functions.free.invokeExact(context);
      context = MemorySegment.NULL;
      return context;
    });
  }

  private static String text(MemorySegment buffer) {
    return buffer.equals(MemorySegment.NULL) ? "" : buffer.reinterpret(LONGEST_OUTPUT).getString(0);
  }

  private interface Invocation<T> {
    T invoke() throws Throwable;
  }

  private static <T> T guarded(Invocation<T> invocation) {
    try {
      return invocation.invoke();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable t) {
      throw new IllegalStateException(t);
    }
  }
}
