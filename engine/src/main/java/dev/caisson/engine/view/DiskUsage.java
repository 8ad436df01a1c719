/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.view;

import java.util.List;

/**
 * Who holds the disk.
 *
 * @param layersSize bytes of all unpacked layers, each counted once
 */
public record DiskUsage(
    long layersSize,
    List<ImageSummary> images,
    List<InstanceSummary> containers,
    List<VolumeInfo> volumes) {}
