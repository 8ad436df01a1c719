/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.words;

/**
 * A command line that its command does not understand; the remedy is for the person who wrote it.
 */
public final class WordsException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final String remedy;

  WordsException(String message, String remedy) {
    super(message);
    this.remedy = remedy;
  }

  /** What they may have meant; empty if nothing comes near. */
  public String remedy() {
    return remedy;
  }
}
