/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.registry;

import dev.caisson.image.model.Descriptor;

/**
 * A manifest or index as a registry gave it, its digest verified.
 *
 * @param bytes exactly as received; not to be changed
 */
record FetchedManifest(Descriptor descriptor, byte[] bytes) {}
