/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.view;

import dev.caisson.engine.spec.ImageConfig;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All about one image.
 *
 * @param layers diff ids, lowest first
 * @param size bytes of its unpacked layers
 */
public record ImageInfo(
    String id,
    List<String> tags,
    List<String> digests,
    String parentId,
    String comment,
    Optional<Instant> created,
    String author,
    String architecture,
    String variant,
    String os,
    long size,
    List<String> layers,
    ImageConfig config,
    Map<String, String> rootData,
    Optional<Instant> lastTagged) {}
