/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.view;

import java.util.List;

/**
 * What a registry says about an image.
 *
 * @param platforms as {@code linux/amd64}
 */
public record RemoteImage(String mediaType, String digest, long size, List<String> platforms) {}
