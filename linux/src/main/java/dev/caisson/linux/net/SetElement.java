/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.net;

import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An element of an nftables set, or of a map, as the kernel has it: every field of a concatenation
 * in network byte order, padded to four bytes. linux/netfilter/nf_tables.h
 *
 * @param set name of the set or map
 * @param data what a map leads to; empty in a set
 */
public record SetElement(String set, byte[] key, Optional<byte[]> data) {
  public SetElement {
    key = key.clone();
    data = data.map(byte[]::clone);
  }

  @Override
  public byte[] key() {
    return key.clone();
  }

  @Override
  public Optional<byte[]> data() {
    return data.map(byte[]::clone);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof SetElement that
        && set.equals(that.set)
        && Arrays.equals(key, that.key)
        && Arrays.equals(data.orElse(new byte[0]), that.data.orElse(new byte[0]));
  }

  @Override
  public int hashCode() {
    return 31 * set.hashCode() + Arrays.hashCode(key);
  }
}
