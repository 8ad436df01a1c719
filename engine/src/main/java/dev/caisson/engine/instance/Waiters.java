/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.instance;

import dev.caisson.engine.WaitCondition;
import dev.caisson.engine.view.ExitStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Those who wait for one container to exit or to go. */
final class Waiters {
  private List<CompletableFuture<ExitStatus>> forExit = new ArrayList<>();
  private List<CompletableFuture<ExitStatus>> forRest = new ArrayList<>();
  private List<CompletableFuture<ExitStatus>> forRemoval = new ArrayList<>();

  /**
   * @param running asked after registering would begin, so that no exit is missed between
   * @param last how the last run ended
   */
  synchronized CompletableFuture<ExitStatus> register(
      WaitCondition condition, BooleanSupplier running, Supplier<ExitStatus> last) {
    var future = new CompletableFuture<ExitStatus>();
    switch (condition) {
      case NEXT_EXIT -> forExit.add(future);
      case REMOVED -> forRemoval.add(future);
      case NOT_RUNNING -> {
        if (running.getAsBoolean()) {
          forRest.add(future);
        } else {
          future.complete(last.get());
        }
      }
    }
    return future;
  }

  /**
   * @param comesBack whether a restart policy will start it again
   */
  void exited(ExitStatus status, boolean comesBack) {
    complete(takeExit(comesBack), status);
  }

  void removed(ExitStatus status) {
    complete(takeExit(false), status);
    complete(takeRemoval(), status);
  }

  private synchronized List<CompletableFuture<ExitStatus>> takeExit(boolean comesBack) {
    var taken = forExit;
    forExit = new ArrayList<>();
    if (!comesBack) {
      taken.addAll(forRest);
      forRest = new ArrayList<>();
    }
    return taken;
  }

  private synchronized List<CompletableFuture<ExitStatus>> takeRemoval() {
    var taken = forRemoval;
    forRemoval = new ArrayList<>();
    return taken;
  }

  private static void complete(List<CompletableFuture<ExitStatus>> futures, ExitStatus status) {
    futures.forEach(future -> future.complete(status));
  }
}
