/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.network;

/**
 * Where a machine's network device is plugged in.
 *
 * @param tap the tap's name in its namespace
 * @param hardware the guest's hardware address, as {@code 02:42:ac:11:00:02}
 */
public record NetworkPort(String tap, String hardware) {}
