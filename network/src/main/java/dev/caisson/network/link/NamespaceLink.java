/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network.link;

/**
 * A pair of interfaces between the host and a workload's namespace, not configured yet.
 *
 * @param host index on the host
 * @param inner index in the namespace
 */
public record NamespaceLink(int host, int inner) {}
