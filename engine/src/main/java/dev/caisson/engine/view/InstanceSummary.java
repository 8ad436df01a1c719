/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.view;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One line of a list of containers.
 *
 * @param image as asked for at create
 * @param status as {@code Up 5 minutes (healthy)}
 * @param networkMode as asked for at create
 */
public record InstanceSummary(
    String id,
    String name,
    String image,
    String imageId,
    String command,
    Instant created,
    Status state,
    String status,
    Optional<Health.Condition> health,
    Map<String, String> labels,
    String isolation,
    String networkMode,
    NetworkView network,
    List<MountView> mounts,
    Optional<InstanceInfo.Sizes> sizes) {}
