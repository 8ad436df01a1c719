/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.client;

import dev.caisson.disk.nbd.protocol.Flags;
import dev.caisson.disk.nbd.protocol.ReplyStyle;
import java.util.OptionalInt;

/**
 * What a server said of an export, checked.
 *
 * @param size in bytes
 * @param flags bits of {@link Flags.Transmission}
 * @param style how replies are laid out
 * @param smallestBlock requests must be multiples of this, a power of two up to 64 KiB
 * @param largestPayload most bytes in one read or write
 * @param allocation the identifier of {@code base:allocation}, if the server offers it
 */
record RemoteExport(
    long size,
    int flags,
    ReplyStyle style,
    int smallestBlock,
    int largestPayload,
    OptionalInt allocation) {
  boolean can(int flag) {
    return (flags & flag) != 0;
  }

  boolean extended() {
    return style == ReplyStyle.EXTENDED;
  }
}
