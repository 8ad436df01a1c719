/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.format;

import java.util.List;

/** A part of a template. */
sealed interface TemplateNode {
  record Text(String text) implements TemplateNode {}

  record Value(TemplateExpression expression) implements TemplateNode {}

  record Assign(String name, TemplateExpression expression) implements TemplateNode {}

  record If(TemplateExpression expression, List<TemplateNode> body, List<TemplateNode> otherwise)
      implements TemplateNode {}

  record With(TemplateExpression expression, List<TemplateNode> body, List<TemplateNode> otherwise)
      implements TemplateNode {}

  /**
   * @param key a variable for the position or key, empty without one
   * @param value a variable for the element, empty without one
   */
  record Range(
      String key,
      String value,
      TemplateExpression expression,
      List<TemplateNode> body,
      List<TemplateNode> otherwise)
      implements TemplateNode {}
}
