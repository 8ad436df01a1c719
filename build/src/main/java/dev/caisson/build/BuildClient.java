/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** Who asked for a build: it lends secrets and agents to single commands, and may go away. */
public interface BuildClient {
  /** A secret's content, or empty when the client has none of this name. */
  Optional<byte[]> secret(String id);

  /** A way to the client's SSH agent of this name, or empty when it lends none. */
  Optional<Agent> agent(String id);

  /** Ends the build when the client does not want it any more. */
  Cancellation cancellation();

  /** A socket on this host that speaks the agent's protocol as long as it is open. */
  interface Agent extends AutoCloseable {
    Path socket();

    @Override
    void close();
  }

  /** One that waits for the end and lends nothing but these. */
  static BuildClient lending(Map<String, byte[]> secrets) {
    Map<String, byte[]> all = Map.copyOf(secrets);
    Cancellation never = new Cancellation();
    return new BuildClient() {
      @Override
      public Optional<byte[]> secret(String id) {
        return Optional.ofNullable(all.get(id));
      }

      @Override
      public Optional<Agent> agent(String id) {
        return Optional.empty();
      }

      @Override
      public Cancellation cancellation() {
        return never;
      }
    };
  }
}
