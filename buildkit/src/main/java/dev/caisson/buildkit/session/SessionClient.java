/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.session;

import dev.caisson.build.BuildClient;
import dev.caisson.build.Cancellation;
import dev.caisson.engine.spec.RegistryAuth;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;

/** Lends to a build what its client's session has. */
public final class SessionClient implements BuildClient {
  private final Supplier<ClientSession> session;
  private final Cancellation cancellation;
  private final Path scratch;

  /**
   * @param session asked only when something is wanted of it
   */
  public SessionClient(Supplier<ClientSession> session, Cancellation cancellation, Path scratch) {
    this.session = session;
    this.cancellation = cancellation;
    this.scratch = scratch;
  }

  @Override
  public Optional<byte[]> secret(String id) {
    try {
      return session.get().secret(id);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public Optional<Agent> agent(String id) {
    try {
      ClientSession client = session.get();
      return client.hasAgent(id)
          ? Optional.of(AgentSocket.open(client, id, scratch))
          : Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The login at the registry of an image; names without a host have none of their own. */
  public RegistryAuth login(String image) {
    int slash = image.indexOf('/');
    String host = slash < 0 ? "" : image.substring(0, slash);
    if (host.indexOf('.') < 0 && host.indexOf(':') < 0 && !host.equals("localhost")) {
      return RegistryAuth.anonymous();
    }
    try {
      return session.get().login(host);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public Cancellation cancellation() {
    return cancellation;
  }
}
