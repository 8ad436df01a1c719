/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.session;

import dev.caisson.build.BuildException;
import dev.caisson.buildkit.grpc.GrpcDialer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;

/** The sessions that clients hold open, by the id they chose. */
public final class Sessions {
  /** A build may be asked for a moment before its session is there. */
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /** Ids that were never connected are not kept for ever. */
  private static final int MOST = 10_000;

  /** None so far. */
  public Sessions() {}

  private final GrpcDialer dialer = new GrpcDialer();
  private final Map<String, CompletableFuture<ClientSession>> sessions = new ConcurrentHashMap<>();

  /** Takes over the connection of a client that offers session {@code id}. */
  public Connection connection(Connector connector, EndPoint endPoint, String id) {
    var entry = sessions.computeIfAbsent(id, _ -> new CompletableFuture<>());
    var closed = new CompletableFuture<Void>();
    return dialer.connection(
        connector,
        endPoint,
        channel -> entry.complete(new ClientSession(channel, closed)),
        () -> {
          sessions.remove(id, entry);
          closed.complete(null);
        });
  }

  /** Whether there is one of this id. */
  public boolean isOpen(String id) {
    var entry = sessions.get(id);
    return entry != null && entry.isDone();
  }

  /**
   * Waits a while for a client's session.
   *
   * @throws BuildException when it does not come
   */
  public ClientSession await(String id) {
    if (id.isEmpty() || sessions.size() > MOST) {
      throw new BuildException("the client offers no session to read its files from");
    }
    var entry = sessions.computeIfAbsent(id, _ -> new CompletableFuture<>());
    try {
      return entry.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (TimeoutException late) {
      sessions.remove(id, entry);
      throw new BuildException(
          "the client's session did not come within " + PATIENCE.toSeconds() + " seconds", late);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new BuildException("interrupted while waiting for the client's session", interrupted);
    } catch (ExecutionException failed) {
      throw new BuildException("the client's session failed", failed);
    }
  }
}
