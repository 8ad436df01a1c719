/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.stub;

import java.io.IOException;
import java.io.UncheckedIOException;

/** The program that executes launch plans: a static x86-64 ELF file of some 50 KB. */
public final class Stub {
  private static final String RESOURCE = "caisson-stub";

  private Stub() {}

  /** The program's bytes, to be run from a sealed memfd or put into a guest's initramfs. */
  public static byte[] program() {
    try (var in = Stub.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException(
            "the stub was not built into this jar; build it with ./dev build");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
