/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.view;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * One line of a list of images.
 *
 * @param size bytes of its unpacked layers
 * @param containers how many use it; -1 when not counted
 */
public record ImageSummary(
    String id,
    String parentId,
    List<String> tags,
    List<String> digests,
    Instant created,
    long size,
    long sharedSize,
    long containers,
    Map<String, String> labels) {}
