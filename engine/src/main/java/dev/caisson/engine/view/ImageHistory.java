/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.view;

import java.time.Instant;
import java.util.List;

/**
 * One step in the making of an image.
 *
 * @param id {@code <missing>} when unknown
 */
public record ImageHistory(
    String id, Instant created, String createdBy, long size, String comment, List<String> tags) {}
