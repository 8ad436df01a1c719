/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.format;

import java.util.List;
import java.util.Optional;

/** What stands for a value in a template. */
sealed interface TemplateExpression {
  /** A text, number or truth; empty for nil. */
  record Literal(Optional<Object> value) implements TemplateExpression {}

  /** The value being shown. */
  record Dot() implements TemplateExpression {}

  /** A variable, with its dollar; the dollar alone is what the template was given. */
  record Variable(String name) implements TemplateExpression {}

  record Field(TemplateExpression of, String name) implements TemplateExpression {}

  record Call(String function, List<TemplateExpression> arguments) implements TemplateExpression {
    public Call {
      arguments = List.copyOf(arguments);
    }
  }
}
