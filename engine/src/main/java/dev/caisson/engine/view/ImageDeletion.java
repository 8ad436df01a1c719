/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.view;

/** One thing that went: a name, or an image with its id. */
public sealed interface ImageDeletion {
  record Untagged(String reference) implements ImageDeletion {}

  record Deleted(String id) implements ImageDeletion {}
}
