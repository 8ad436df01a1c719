/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.volume;

import java.time.Instant;
import java.util.Map;

/** A volume as it is stored. */
public record VolumeRecord(
    String name,
    Instant created,
    boolean anonymous,
    Map<String, String> labels,
    Map<String, String> options) {}
