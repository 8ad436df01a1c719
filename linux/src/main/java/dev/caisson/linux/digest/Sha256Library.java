/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.digest;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Optional;

/**
 * SHA-256 of OpenSSL's libcrypto, whose state is plain memory: nothing has to be freed.
 * SHA256_Init(3ssl)
 */
final class Sha256Library {
  private static final String[] NAMES = {"libcrypto.so.3", "libcrypto.so.1.1"};

  /**
   * {@code SHA256_CTX} of openssl/sha.h in ints: eight of state, the length, a block, two counts.
   */
  static final int STATE = 28;

  /** Bytes of one call: the collector waits for a call that was given memory of the heap. */
  private static final int LONGEST = 256 << 10;

  private final MethodHandle init;
  private final MethodHandle update;
  private final MethodHandle end;

  private Sha256Library(SymbolLookup library) {
    this.init =
        handle(
            library,
            "SHA256_Init",
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
    this.update =
        handle(
            library,
            "SHA256_Update",
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_LONG));
    this.end =
        handle(
            library,
            "SHA256_Final",
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS));
  }

  /** Holds the library once something long enough is digested. */
  private static final class Holder {
    static final Optional<Sha256Library> LIBRARY = load();
  }

  /** Empty where there is no such library, or one whose state is laid out otherwise. */
  static Optional<Sha256Library> get() {
    return Holder.LIBRARY;
  }

  private static Optional<Sha256Library> load() {
    try {
      return lookup().map(Sha256Library::new).filter(Sha256Library::digestsAsJava);
    } catch (java.util.NoSuchElementException without) {
      return Optional.empty();
    }
  }

  /** The first libcrypto that this host has. */
  static Optional<SymbolLookup> lookup() {
    for (String name : NAMES) {
      try {
        return Optional.of(SymbolLookup.libraryLookup(name, Arena.global()));
      } catch (IllegalArgumentException absent) {
        // the next name is tried
      }
    }
    return Optional.empty();
  }

  private static MethodHandle handle(
      SymbolLookup library, String name, FunctionDescriptor descriptor) {
    return Linker.nativeLinker()
        .downcallHandle(library.findOrThrow(name), descriptor, Linker.Option.critical(true));
  }

  private boolean digestsAsJava() {
    byte[] text = "caisson".repeat(50).getBytes(StandardCharsets.US_ASCII);
    int[] state = begin();
    update(state, MemorySegment.ofArray(text));
    try {
      byte[] expected = MessageDigest.getInstance("SHA-256", "SUN").digest(text);
      return Arrays.equals(expected, end(state));
    } catch (GeneralSecurityException withoutSun) {
      return false;
    }
  }

  int[] begin() {
    // A library whose state is longer than ours would write past it, so the room is twice that.
    int[] state = new int[2 * STATE];
    try {
      require((int) init.invokeExact(MemorySegment.ofArray(state)));
      return state;
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  void update(int[] state, MemorySegment data) {
    MemorySegment context = MemorySegment.ofArray(state);
    try {
      for (long done = 0; done < data.byteSize(); done += LONGEST) {
        long length = Math.min(LONGEST, data.byteSize() - done);
        require((int) update.invokeExact(context, data.asSlice(done, length), length));
      }
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  byte[] end(int[] state) {
    byte[] digest = new byte[32];
    try {
      require((int) end.invokeExact(MemorySegment.ofArray(digest), MemorySegment.ofArray(state)));
      return digest;
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  private static void require(int result) {
    if (result != 1) {
      throw new IllegalStateException("libcrypto refused to digest");
    }
  }

  static RuntimeException unexpected(Throwable t) {
    return switch (t) {
      case RuntimeException e -> e;
      case Error e -> throw e;
      default -> new IllegalStateException(t);
    };
  }
}
