/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.view;

import java.time.Instant;

/**
 * How a container ended.
 *
 * @param code 0 to 255; 128 + n after signal n
 * @param error why it could not be started or watched; usually empty
 */
public record ExitStatus(int code, boolean oomKilled, Instant finishedAt, String error) {}
