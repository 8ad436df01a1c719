/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.view;

import java.time.Instant;

/** Which Caisson this is. */
public record VersionInfo(
    String version,
    String revision,
    Instant built,
    String os,
    String architecture,
    String kernelVersion,
    String javaVersion) {}
