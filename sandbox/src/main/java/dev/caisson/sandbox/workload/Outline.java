/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.workload;

/**
 * What is known of a workload before it has an id: enough to tell whether something that was made
 * ahead of need fits it.
 *
 * @param isolated whether it has a loopback interface and no other
 * @param cgroupParent as {@link Resources#cgroupParent}
 */
public record Outline(Namespaces namespaces, boolean isolated, String cgroupParent) {}
