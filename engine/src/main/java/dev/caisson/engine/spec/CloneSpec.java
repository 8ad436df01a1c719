/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.spec;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is said of a container that goes on from a snapshot. All else is as it was kept: what runs
 * cannot be told otherwise.
 *
 * @param name empty for one that is made up
 * @param networking how it is reached; with the mode {@code default} and no endpoints it joins the
 *     networks of the one that was kept. Names, addresses and published ports are its own
 * @param labels further ones
 */
public record CloneSpec(
    Optional<String> name,
    NetworkingSpec networking,
    Map<String, String> labels,
    RestartPolicy restartPolicy,
    boolean autoRemove) {
  public CloneSpec {
    labels = Map.copyOf(labels);
  }

  /** A clone of that name in the networks of the one that was kept. */
  public static CloneSpec named(String name) {
    return new CloneSpec(
        Optional.of(name), NetworkingSpec.standard(), Map.of(), RestartPolicy.no(), false);
  }

  /**
   * The whole specification.
   *
   * @param kept that of the container that was kept
   * @param mounts as they were settled for it; a volume without a name gets a new one
   */
  public InstanceSpec of(InstanceSpec kept, String isolation, List<MountSpec> mounts) {
    var storage =
        new StorageSpec(
            mounts,
            List.of(),
            List.of(),
            kept.storage().volumeDriver(),
            kept.storage().readOnlyRoot(),
            kept.storage().shmSize(),
            kept.storage().options(),
            Optional.empty());
    Map<String, String> all = new HashMap<>(kept.labels());
    all.putAll(labels);
    var builder =
        kept.toBuilder()
            .isolation(isolation)
            .networking(networks(kept.networking()))
            .storage(storage)
            .labels(all)
            .restartPolicy(restartPolicy)
            .autoRemove(autoRemove);
    return builder.name(name).build();
  }

  private NetworkingSpec networks(NetworkingSpec kept) {
    if (!networking.mode().equals("default") || !networking.endpoints().isEmpty()) {
      return networking;
    }
    Map<String, EndpointSpec> endpoints = new HashMap<>();
    kept.endpoints().keySet().forEach(name -> endpoints.put(name, EndpointSpec.automatic()));
    return networking.withNetworks(kept.mode(), endpoints);
  }
}
