/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch;

/**
 * What one step does, with everything it needs to do it.
 *
 * <p>The encoded form of an action is its number, followed by its record components in order;
 * docs/launch-plan.md lists both. Actions are facts: they check what can be checked without a
 * kernel, and do nothing.
 */
public sealed interface Action
    permits NamespaceAction,
        MountAction,
        FileAction,
        IdentityAction,
        ProcessAction,
        SupervisionAction {}
