/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.server;

import java.util.function.BooleanSupplier;

/**
 * What the sessions of one server share.
 *
 * @param workers carry out what has to wait for a device
 * @param inFlightBytes how many bytes of one session's requests may be with them at a time
 * @param stopping whether the server is about to end
 */
public record Serving(
    Workers workers, BufferPool buffers, int inFlightBytes, BooleanSupplier stopping) {}
