/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.instance;

import dev.caisson.engine.event.EventLog;
import dev.caisson.engine.state.Store;
import dev.caisson.engine.workload.WorkloadCompiler;
import java.nio.file.Path;
import java.time.Clock;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;

/**
 * What every container needs of its engine.
 *
 * @param background runs what must not hold up the one who noticed it
 * @param timer wakes; does no work itself
 * @param settled completes once the host's networks are as the containers taken over need them;
 *     until then none may start, or leave a network, or it would not find the network it names
 */
public record Surroundings(
    Path root,
    Path run,
    Store store,
    EventLog events,
    Linker linker,
    WorkloadCompiler compiler,
    Clock clock,
    ExecutorService background,
    ScheduledExecutorService timer,
    CompletableFuture<Void> settled) {}
