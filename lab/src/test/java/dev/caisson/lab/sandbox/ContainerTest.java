/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.sandbox;

/** The contract, kept by containers. */
class ContainerTest extends InContainers
    implements SandboxContract, SurvivingContract, FilesContract, ExtremesContract {}
