/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox;

import java.time.Instant;

/**
 * How a process ended.
 *
 * @param code 0 to 255: its own, or 128 + n if signal n killed it
 * @param outOfMemory whether the kernel killed a process of it for want of memory
 */
public record Exit(int code, boolean outOfMemory, Instant startedAt, Instant finishedAt) {}
