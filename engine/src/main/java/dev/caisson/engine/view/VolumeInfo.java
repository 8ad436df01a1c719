/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.view;

import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.OptionalLong;

/**
 * All about one volume.
 *
 * @param references how many containers name it; -1 when not counted
 */
public record VolumeInfo(
    String name,
    String driver,
    Path mountpoint,
    Instant created,
    boolean anonymous,
    Map<String, String> labels,
    Map<String, String> options,
    OptionalLong size,
    long references) {}
