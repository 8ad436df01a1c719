/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.container;

import dev.caisson.engine.instance.Instance;
import dev.caisson.engine.instance.Progress;
import dev.caisson.engine.view.Health;
import dev.caisson.engine.view.Status;
import java.time.Duration;
import java.time.Instant;

/** A container's state in a few words, as {@code Up 5 minutes (healthy)}. */
final class StatusText {
  private StatusText() {}

  static String of(Instance instance, Instant now) {
    var progress = instance.progress();
    return switch (instance.status()) {
      case CREATED -> "Created";
      case RUNNING -> "Up " + since(progress.startedAt().orElse(now), now) + health(instance);
      case PAUSED -> "Up " + since(progress.startedAt().orElse(now), now) + " (Paused)";
      case RESTARTING -> "Restarting" + ago(progress, now);
      case EXITED -> "Exited" + ago(progress, now);
      case REMOVING -> "Removal In Progress";
      case DEAD -> Status.DEAD.toString();
    };
  }

  private static String ago(Progress progress, Instant now) {
    return " (%d) %s ago"
        .formatted(progress.exitCode(), since(progress.finishedAt().orElse(now), now));
  }

  private static String health(Instance instance) {
    return instance
        .health()
        .map(Health::condition)
        .map(condition ->
            condition == Health.Condition.STARTING ? " (health: starting)" : " (" + condition + ")")
        .orElse("");
  }

  private static String since(Instant then, Instant now) {
    return span(Duration.between(then, now));
  }

  /** A duration in its largest unit, as Docker's clients write it. */
  static String span(Duration duration) {
    long seconds = Math.max(0, duration.toSeconds());
    long minutes = seconds / 60;
    long hours = Math.round(seconds / 3600.0);
    if (seconds < 1) {
      return "Less than a second";
    } else if (seconds == 1) {
      return "1 second";
    } else if (seconds < 60) {
      return seconds + " seconds";
    } else if (minutes == 1) {
      return "About a minute";
    } else if (minutes < 60) {
      return minutes + " minutes";
    } else if (hours == 1) {
      return "About an hour";
    } else if (hours < 48) {
      return hours + " hours";
    } else if (hours < 24 * 7 * 2) {
      return hours / 24 + " days";
    } else if (hours < 24 * 30 * 2) {
      return hours / 24 / 7 + " weeks";
    } else if (hours < 24 * 365 * 2) {
      return hours / 24 / 30 + " months";
    }
    return hours / 24 / 365 + " years";
  }
}
