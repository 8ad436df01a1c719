/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.view;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The machine as the engine sees it.
 *
 * @param isolations each with the reason why it is not available, if so
 * @param cgroupVersion 1 or 2
 */
public record HostInfo(
    String id,
    String name,
    int containers,
    int running,
    int paused,
    int stopped,
    int images,
    String storageDriver,
    String cgroupDriver,
    int cgroupVersion,
    String kernelVersion,
    String operatingSystem,
    String osVersion,
    String architecture,
    int processors,
    long memory,
    Path root,
    boolean rootless,
    String defaultIsolation,
    Map<String, Optional<String>> isolations,
    List<String> securityOptions,
    List<String> warnings,
    Map<String, String> labels) {}
