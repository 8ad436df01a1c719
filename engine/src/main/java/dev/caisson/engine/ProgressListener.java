/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

import java.util.OptionalLong;

/** Hears how a transfer goes on. Called from several threads, one call at a time. */
@FunctionalInterface
public interface ProgressListener {
  /** Says nothing to nobody. */
  ProgressListener SILENT = step -> {};

  void onProgress(Step step);

  /**
   * One step of a transfer.
   *
   * @param subject the layer's short id, or empty for the transfer as a whole
   * @param status in Docker's words, as {@code Downloading}
   * @param current bytes done
   * @param total bytes in all
   */
  record Step(String subject, String status, OptionalLong current, OptionalLong total) {
    public static Step of(String subject, String status) {
      return new Step(subject, status, OptionalLong.empty(), OptionalLong.empty());
    }

    public static Step of(String subject, String status, long current, long total) {
      return new Step(
          subject,
          status,
          OptionalLong.of(current),
          total > 0 ? OptionalLong.of(total) : OptionalLong.empty());
    }
  }
}
