/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.remote;

/** Of a terminal, in characters. */
record Size(int rows, int columns) {}
