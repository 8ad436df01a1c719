/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.view;

import dev.caisson.engine.Output;
import java.time.Instant;

/**
 * A piece of a container's log: one line with its newline, or part of a long one.
 *
 * @param data the reader's own copy
 */
@SuppressWarnings("ArrayRecordComponent") // moved once, never compared
public record LogRecord(Instant time, Output.Stream stream, byte[] data) {}
