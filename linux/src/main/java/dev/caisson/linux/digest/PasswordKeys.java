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
import java.util.Optional;
import java.util.Set;

/** Keys made of passwords by OpenSSL's libcrypto. PKCS5_PBKDF2_HMAC(3ssl) */
public final class PasswordKeys {
  private static final Set<String> HASHES = Set.of("sha1", "sha224", "sha256", "sha384", "sha512");

  private final SymbolLookup library;
  private final MethodHandle derive;

  private PasswordKeys(SymbolLookup library) {
    this.library = library;
    this.derive =
        Linker.nativeLinker()
            .downcallHandle(
                library.findOrThrow("PKCS5_PBKDF2_HMAC"),
                FunctionDescriptor.of(
                    ValueLayout.JAVA_INT,
                    ValueLayout.ADDRESS,
                    ValueLayout.JAVA_INT,
                    ValueLayout.ADDRESS,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.ADDRESS,
                    ValueLayout.JAVA_INT,
                    ValueLayout.ADDRESS));
  }

  /** Holds the library once a key is wanted. */
  private static final class Holder {
    static final Optional<PasswordKeys> KEYS = Sha256Library.lookup().flatMap(PasswordKeys::of);
  }

  private static Optional<PasswordKeys> of(SymbolLookup library) {
    return library.find("PKCS5_PBKDF2_HMAC").map(there -> new PasswordKeys(library));
  }

  /** Empty on a host without libcrypto. */
  public static Optional<PasswordKeys> get() {
    return Holder.KEYS;
  }

  /**
   * PBKDF2 with HMAC; empty if the library does not know the hash.
   *
   * @param hash {@code sha1}, {@code sha224}, {@code sha256}, {@code sha384} or {@code sha512}
   * @param bytes length of the key
   */
  public Optional<byte[]> pbkdf2(
      String hash, byte[] password, byte[] salt, int iterations, int bytes) {
    var digest =
        HASHES.contains(hash) ? library.find("EVP_" + hash) : Optional.<MemorySegment>empty();
    if (digest.isEmpty()) {
      return Optional.empty();
    }
    // Not a critical call with memory of the heap: it may run for seconds, and the collector waits.
    try (var arena = Arena.ofConfined()) {
      var secret = arena.allocate(Math.max(1, password.length));
      MemorySegment.copy(password, 0, secret, ValueLayout.JAVA_BYTE, 0, password.length);
      var grain = arena.allocateFrom(ValueLayout.JAVA_BYTE, salt);
      var key = arena.allocate(bytes);
      var method =
          (MemorySegment)
              Linker.nativeLinker()
                  .downcallHandle(digest.get(), FunctionDescriptor.of(ValueLayout.ADDRESS))
                  .invokeExact();
      int done =
          (int)
              derive.invokeExact(
                  secret, password.length, grain, salt.length, iterations, method, bytes, key);
      secret.fill((byte) 0);
      byte[] made = key.toArray(ValueLayout.JAVA_BYTE);
      key.fill((byte) 0);
      return done == 1 ? Optional.of(made) : Optional.empty();
    } catch (Throwable t) {
      throw Sha256Library.unexpected(t);
    }
  }
}
