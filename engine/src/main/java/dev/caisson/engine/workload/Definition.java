/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.workload;

import dev.caisson.engine.image.Template;
import dev.caisson.engine.spec.ImageConfig;
import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.engine.spec.NetworkingSpec;
import dev.caisson.engine.spec.PortSpec;
import dev.caisson.engine.spec.ResourceSpec;
import dev.caisson.engine.spec.RestartPolicy;
import dev.caisson.engine.view.InstanceInfo;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What a container is: fixed at create but for its name, networks, limits and restart policy. */
public record Definition(
    String id,
    String name,
    Instant created,
    InstanceSpec spec,
    InstanceInfo.Effective effective,
    Template image,
    String isolation,
    List<MountPoint> mounts) {
  public Definition {
    mounts = List.copyOf(mounts);
  }

  public Definition withName(String value) {
    return new Definition(id, value, created, spec, effective, image, isolation, mounts);
  }

  public Definition withNetworking(NetworkingSpec networking) {
    var changed = spec.toBuilder().networking(networking).build();
    return new Definition(id, name, created, changed, effective, image, isolation, mounts);
  }

  public Definition withLimits(ResourceSpec resources, RestartPolicy policy) {
    var changed = spec.toBuilder().resources(resources).restartPolicy(policy).build();
    return new Definition(id, name, created, changed, effective, image, isolation, mounts);
  }

  /** The first twelve digits. */
  public String shortId() {
    return id.substring(0, 12);
  }

  /** Ports of the image and the specification. */
  public Set<PortSpec> exposed() {
    Set<PortSpec> ports = new HashSet<>(spec.networking().exposed());
    ports.addAll(image.config().exposedPorts());
    spec.networking().published().forEach(binding -> ports.add(binding.port()));
    return ports;
  }

  /** The image's configuration as this container runs it. */
  public ImageConfig config() {
    return new ImageConfig(
        effective.entrypoint(),
        effective.command(),
        effective.environment(),
        effective.user(),
        effective.workingDirectory(),
        exposed(),
        Set.copyOf(effective.volumes()),
        effective.labels(),
        effective.stopSignal(),
        spec.stopTimeout().or(() -> image.config().stopTimeout()),
        effective.healthcheck(),
        image.config().shell(),
        List.of());
  }
}
