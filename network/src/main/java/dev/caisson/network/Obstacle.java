/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network;

/**
 * What keeps a host, or a user of it, from having networks.
 *
 * @param reason as part of a sentence, without a full stop
 * @param remedy what helps; may be empty
 */
public record Obstacle(String reason, String remedy) {}
