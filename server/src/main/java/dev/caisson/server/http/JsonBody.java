/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Reads the body of a request that is no archive, without letting many large ones fill the heap: a
 * body beyond {@link #SMALL} waits for one of few places and keeps it until its request ends.
 */
final class JsonBody implements AutoCloseable {
  private static final int SMALL = 16 << 10;
  private static final int PLACES = 8;
  private static final Semaphore LARGE = new Semaphore(PLACES);

  /** Seconds a client has for its body, and that a large one waits for its place. */
  private static final long PATIENCE = 30;

  private boolean large;

  /**
   * @throws HttpException 413 when it is longer than {@link Exchange#BODY_LIMIT}; 408 when it does
   *     not come in time; 503 when too many large ones are at work
   */
  byte[] read(InputStream in) throws IOException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE);
    ByteArrayOutputStream body = new ByteArrayOutputStream(512);
    byte[] buffer = new byte[SMALL];
    for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
      body.write(buffer, 0, count);
      if (body.size() > Exchange.BODY_LIMIT) {
        throw new HttpException(
            413, "the request's body is larger than " + Exchange.BODY_LIMIT + " bytes");
      }
      if (body.size() > SMALL && !large) {
        takePlace();
      }
      if (System.nanoTime() > end) {
        throw new HttpException(408, "the request's body did not come within " + PATIENCE + " s");
      }
    }
    return body.toByteArray();
  }

  private void takePlace() throws IOException {
    try {
      if (!LARGE.tryAcquire(PATIENCE, TimeUnit.SECONDS)) {
        throw new HttpException(
            503, PLACES + " requests with large bodies are at work; try again later");
      }
      large = true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for a place", e);
    }
  }

  /** Gives the place back; what was read is not needed any more. */
  @Override
  public void close() {
    if (large) {
      large = false;
      LARGE.release();
    }
  }
}
