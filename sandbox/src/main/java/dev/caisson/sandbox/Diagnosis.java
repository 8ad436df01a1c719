/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox;

/**
 * One thing an isolation needs of the host, or makes use of where it is there.
 *
 * @param detail what was found, and what follows from it
 * @param remedy a command or a change that would help; empty when nothing needs doing
 */
public record Diagnosis(String subject, Verdict verdict, String detail, String remedy) {
  /** How it stands. */
  public enum Verdict {
    OK,
    /** It works, but not as well as it could. */
    WARNING,
    MISSING
  }

  public static Diagnosis ok(String subject, String detail) {
    return new Diagnosis(subject, Verdict.OK, detail, "");
  }

  public static Diagnosis warning(String subject, String detail, String remedy) {
    return new Diagnosis(subject, Verdict.WARNING, detail, remedy);
  }

  public static Diagnosis missing(String subject, String detail, String remedy) {
    return new Diagnosis(subject, Verdict.MISSING, detail, remedy);
  }
}
