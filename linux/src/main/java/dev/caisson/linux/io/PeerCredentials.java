/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.io;

/** Who connected, as the kernel saw it then. unix(7) SO_PEERCRED */
public record PeerCredentials(int pid, long user, long group) {}
