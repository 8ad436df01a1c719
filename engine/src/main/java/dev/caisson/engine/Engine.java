/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

import dev.caisson.engine.remote.RemoteEngine;

/**
 * Every workload on this host: one object, the same for embedding programs, the command line and
 * the HTTP dialects.
 *
 * <p>All methods may be called from any thread, virtual threads included. Calls about one container
 * take effect one after the other; calls about different ones run side by side. Failures are {@link
 * EngineException}s.
 *
 * <p>Closing leaves running containers running: they belong to the host, not to this process.
 */
public interface Engine extends AutoCloseable {
  /**
   * Opens the state directory, re-adopts what runs and undoes what a killed engine left half-made.
   *
   * @throws EngineException CONFLICT when another engine has this state directory open; IO when it
   *     cannot be read or written; UNSUPPORTED when a later version wrote it
   */
  static Engine open(EngineOptions options) {
    return new Installation(options).open();
  }

  /**
   * The engine that another process has open, as {@code caisson engine} does. Closing it gives up
   * what this program waits for, and leaves the engine as it is.
   *
   * @param options of that engine; only its run directory counts
   * @throws EngineException UNAVAILABLE when none listens there; UNSUPPORTED when it is of another
   *     release
   */
  static Engine connect(EngineOptions options) {
    return RemoteEngine.connect(options.run().resolve(RemoteEngine.SOCKET));
  }

  /** Containers of every isolation. */
  Containers containers();

  /** Images, here and in registries. */
  Images images();

  /** Networks containers can join. */
  Networks networks();

  /** Directories that outlive containers. */
  Volumes volumes();

  /** Containers kept as they ran. */
  Snapshots snapshots();

  /** What happens to all of these. */
  Events events();

  /** The machine and this engine. */
  Host host();

  /** Stops watching what runs, and lets another engine open the state directory. */
  @Override
  void close();
}
