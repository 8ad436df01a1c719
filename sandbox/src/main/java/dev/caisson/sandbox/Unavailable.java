/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox;

/** Why an isolation or an ability cannot be had on this host, and what would change that. */
public record Unavailable(String reason, String remedy) {}
