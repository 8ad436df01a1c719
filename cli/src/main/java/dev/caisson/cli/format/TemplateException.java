/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.format;

/** A template that cannot be read, or does not fit what it is shown with. */
public final class TemplateException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final boolean unreadable;

  private TemplateException(String message, boolean unreadable) {
    super(message);
    this.unreadable = unreadable;
  }

  static TemplateException unreadable(String reason) {
    return new TemplateException("template parsing error: " + reason, true);
  }

  static TemplateException unfit(String reason) {
    return new TemplateException("failed to execute template: " + reason, false);
  }

  /** Whether it is no template at all, whatever it would be shown with. */
  public boolean isUnreadable() {
    return unreadable;
  }
}
