/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.view;

import dev.caisson.engine.spec.ExecSpec;
import java.util.OptionalInt;

/**
 * A command run in a container.
 *
 * @param exitCode empty before its end
 * @param pid on the host; 0 before its start
 */
public record ExecInfo(
    String id, String containerId, ExecSpec spec, boolean running, OptionalInt exitCode, int pid) {}
