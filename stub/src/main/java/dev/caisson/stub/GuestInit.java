/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.stub;

import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * The first process of a guest: it has {@link Stub} carry out the plans that come from the host
 * over a virtio-console port. docs/guest-protocol.md
 */
public final class GuestInit {
  private static final String RESOURCE = "caisson-guest";

  private GuestInit() {}

  /** The program's bytes: a static x86-64 ELF file of some 20 KB, /init of an initramfs. */
  public static byte[] program() {
    try (var in = GuestInit.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException(
            "the guest's first process was not built into this jar; build it with ./dev build");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
