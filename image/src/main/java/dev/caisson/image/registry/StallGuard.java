/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.registry;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** A stream that is broken off when it brings too little for too long. */
final class StallGuard extends FilterInputStream {
  // Slower than this is no transfer but a way to keep us waiting.
  private static final long LEAST_BYTES_PER_SECOND = 64;
  private static final ScheduledExecutorService CLOCK =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("stall-guard").factory());

  private final Duration period;
  private final AtomicLong received = new AtomicLong();
  private final ScheduledFuture<?> check;
  private long seen;
  private volatile boolean stalled;

  StallGuard(InputStream in, Duration period) {
    super(in);
    this.period = period;
    long millis = Math.max(1, period.toMillis());
    this.check = CLOCK.scheduleAtFixedRate(this::check, millis, millis, TimeUnit.MILLISECONDS);
  }

  private void check() {
    long now = received.get();
    long least = Math.max(1, LEAST_BYTES_PER_SECOND * period.toMillis() / 1000);
    if (now - seen < least) {
      stalled = true;
      try {
        super.close(); // wakes the reader
      } catch (IOException _) {
        // the reader fails anyway
      }
    }
    seen = now;
  }

  @Override
  public int read() throws IOException {
    var one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    try {
      int n = super.read(bytes, offset, length);
      if (n > 0) {
        received.addAndGet(n);
      }
      if (stalled) {
        throw stalledException();
      }
      return n;
    } catch (IOException e) {
      throw stalled ? stalledException() : e;
    }
  }

  private IOException stalledException() {
    return new IOException("almost nothing came for " + period.toSeconds() + " seconds");
  }

  @Override
  public void close() throws IOException {
    check.cancel(false);
    super.close();
  }
}
