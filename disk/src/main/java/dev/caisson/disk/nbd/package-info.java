/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The Network Block Device protocol, both ends of it: {@link dev.caisson.disk.nbd.NbdServer} offers
 * disks, {@link dev.caisson.disk.nbd.NbdDisk} uses somebody else's. Source of every number and
 * rule: the NBD project's {@code doc/proto.md}, and its branch {@code extension-ext-header}.
 */
package dev.caisson.disk.nbd;
