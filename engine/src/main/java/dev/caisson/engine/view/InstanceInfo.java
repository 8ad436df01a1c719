/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.view;

import dev.caisson.engine.spec.HealthcheckSpec;
import dev.caisson.engine.spec.InstanceSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All about one container.
 *
 * @param spec as asked for
 * @param effective what was asked for, completed from the image
 * @param imageId of the image, as {@code sha256:…}
 */
public record InstanceInfo(
    String id,
    String name,
    Instant created,
    InstanceState state,
    InstanceSpec spec,
    Effective effective,
    String imageId,
    String isolation,
    String platform,
    int restartCount,
    NetworkView network,
    List<MountView> mounts,
    List<String> execIds,
    Path logPath,
    Path hostnamePath,
    Path hostsPath,
    Path resolvConfPath,
    Map<String, String> rootData,
    Optional<Sizes> sizes) {
  /**
   * @param path the first word of what runs
   */
  public record Effective(
      String path,
      List<String> arguments,
      List<String> entrypoint,
      List<String> command,
      List<String> environment,
      String user,
      String workingDirectory,
      String hostname,
      Map<String, String> labels,
      String stopSignal,
      Duration stopTimeout,
      Optional<HealthcheckSpec> healthcheck,
      List<String> exposedPorts,
      List<String> volumes) {}

  /**
   * Bytes.
   *
   * @param writable in the container's own layer
   * @param total with the image's layers
   */
  public record Sizes(long writable, long total) {}
}
