/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.digest;

import java.security.Provider;
import java.security.Security;

/**
 * A security provider that digests by libcrypto.
 *
 * <p>The JDK's SHA-256 uses the processor's instructions only in code of its second compiler; where
 * that one is switched off, libcrypto is some fifteen times as fast.
 */
public final class LibraryDigests extends Provider {
  private static final long serialVersionUID = 1;

  private LibraryDigests() {
    super("Caisson", "1", "SHA-256 by libcrypto");
    putService(new Sha256(this));
  }

  /**
   * Makes it this process's first choice for {@code MessageDigest.getInstance("SHA-256")}. The
   * library is looked for when the first long digest is made; without it the JDK digests.
   */
  public static void install() {
    Security.insertProviderAt(new LibraryDigests(), 1);
  }

  private static final class Sha256 extends Service {
    Sha256(Provider provider) {
      super(provider, "MessageDigest", "SHA-256", LibrarySha256.class.getName(), null, null);
    }

    @Override
    public Object newInstance(Object parameter) {
      return new LibrarySha256();
    }
  }
}
