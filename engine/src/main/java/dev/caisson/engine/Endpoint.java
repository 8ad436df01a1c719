/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

import java.util.Map;

/**
 * A door to the engine, found by {@link java.util.ServiceLoader}: the Docker API is one. The engine
 * command starts those asked for and closes them before the engine.
 */
public interface Endpoint extends AutoCloseable {
  /** As in {@code --docker-socket}: {@code docker}. */
  String name();

  /**
   * Begins to listen; returns once clients can connect.
   *
   * @param options such as {@code socket=/run/docker.sock}
   */
  void start(Engine engine, Map<String, String> options);

  @Override
  void close();
}
