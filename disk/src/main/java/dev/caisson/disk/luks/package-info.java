/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * LUKS version 1: the header, its eight key slots, and the ciphers that turn sectors into secrets.
 * Start at {@link dev.caisson.disk.luks.LuksContainer}. Source: LUKS On-Disk Format Specification
 * 1.2.3.
 */
package dev.caisson.disk.luks;
