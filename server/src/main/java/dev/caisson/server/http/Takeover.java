/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.http;

import java.io.Closeable;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * The raw bytes of a connection after its request, both ways: what Docker calls a hijack.
 *
 * <p>Reading and writing block and may be done by one thread each. The client's half-close ends
 * {@link #input} and leaves {@link #output} open.
 */
public interface Takeover extends Closeable {
  InputStream input();

  /** Every write reaches the socket before it returns. */
  OutputStream output();

  /** Disconnects at once, waking a reader or writer. */
  @Override
  void close();
}
