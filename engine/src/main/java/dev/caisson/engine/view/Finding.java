/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.view;

/**
 * One result of the doctor.
 *
 * @param remedy empty when nothing needs doing
 */
public record Finding(String subject, Verdict verdict, String detail, String remedy) {
  /** How it stands. */
  public enum Verdict {
    OK,
    WARNING,
    MISSING
  }
}
