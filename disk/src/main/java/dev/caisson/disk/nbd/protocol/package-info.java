/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The Network Block Device protocol as both ends speak it: {@link
 * dev.caisson.disk.nbd.server.NbdServer} offers disks, {@link dev.caisson.disk.nbd.client.NbdDisk}
 * uses somebody else's. Source of every number and rule: the NBD project's {@code doc/proto.md},
 * and its branch {@code extension-ext-header}.
 */
package dev.caisson.disk.nbd.protocol;
