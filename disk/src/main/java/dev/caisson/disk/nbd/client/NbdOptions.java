/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.client;

import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.SSLContext;

/**
 * How a client uses an export.
 *
 * @param writable whether writing is wanted; a read-only export is then refused
 * @param handshake time to connect and agree
 * @param patience time for one request; a server that lets it pass is given up
 * @param inFlight requests sent but not answered, at most
 * @param tls certificates for {@code nbds}; without, the URI's folder or the JDK's own authorities
 */
public record NbdOptions(
    boolean writable,
    Duration handshake,
    Duration patience,
    int inFlight,
    Optional<SSLContext> tls) {
  /** For reading, with 10 seconds to connect, two minutes for a request and 1024 in flight. */
  public static final NbdOptions READ =
      new NbdOptions(false, Duration.ofSeconds(10), Duration.ofMinutes(2), 1024, Optional.empty());

  /** As {@link #READ}, and for writing. */
  public static final NbdOptions WRITE = READ.withWritable(true);

  /** Checks ranges. */
  public NbdOptions {
    if (inFlight < 1) {
      throw new IllegalArgumentException("at least 1 request in flight");
    }
  }

  /** The same for writing, or not. */
  public NbdOptions withWritable(boolean wanted) {
    return new NbdOptions(wanted, handshake, patience, inFlight, tls);
  }

  /** The same with another time for each request. */
  public NbdOptions withPatience(Duration time) {
    return new NbdOptions(writable, handshake, time, inFlight, tls);
  }

  /** The same with certificates. */
  public NbdOptions withTls(SSLContext context) {
    return new NbdOptions(writable, handshake, patience, inFlight, Optional.of(context));
  }
}
