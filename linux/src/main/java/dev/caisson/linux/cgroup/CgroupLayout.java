/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.cgroup;

/** How this host mounts its control groups. cgroups(7) */
public enum CgroupLayout {
  /** One unified hierarchy with the controllers in it. */
  UNIFIED,
  /** Controllers in hierarchies of version 1, and a version 2 one without them. */
  HYBRID,
  /** Version 1 only. */
  LEGACY,
  NONE
}
