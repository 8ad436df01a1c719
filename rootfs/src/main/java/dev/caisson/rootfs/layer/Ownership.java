/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.layer;

/** Who owns what is unpacked. */
public enum Ownership {
  /** The users and groups the layer says; needs root, or a user namespace that maps them. */
  EXACT,
  /**
   * Everything belongs to whoever unpacks. What a user can have without subordinate ids; inside,
   * all files look like root's.
   */
  OWN
}
