/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.workload;

import dev.caisson.engine.spec.MountSpec;
import java.nio.file.Path;

/**
 * A mount with its place on the host settled.
 *
 * @param spec a volume's name is never empty here
 * @param source on the host; empty for tmpfs
 * @param anonymous whether the volume was made for this container alone
 */
public record MountPoint(MountSpec spec, Path source, boolean anonymous) {}
