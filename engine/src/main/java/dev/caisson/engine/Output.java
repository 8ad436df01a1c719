/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

/**
 * A piece of output.
 *
 * @param data the reader's own copy
 */
@SuppressWarnings("ArrayRecordComponent") // moved once, never compared
public record Output(Stream stream, byte[] data) {
  /** Numbered as Docker's multiplexed stream numbers them. */
  public enum Stream {
    STDIN,
    STDOUT,
    STDERR
  }
}
