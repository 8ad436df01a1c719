/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.format;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Go's templates over plain values (maps, collections, texts, numbers, booleans, null), as people
 * use them with docker: fields, variables, pipes, brackets, {@code if}, {@code with}, {@code
 * range}, trimming, and the functions of {@link TemplateFunctions}. Not there: {@code define},
 * {@code template}, {@code block}, {@code break}.
 *
 * @see <a href="https://pkg.go.dev/text/template">text/template</a>
 */
public final class Template {
  private final List<TemplateNode> nodes;

  private Template(List<TemplateNode> nodes) {
    this.nodes = nodes;
  }

  /**
   * Reads a template.
   *
   * @throws TemplateException saying what is not understood
   */
  public static Template parse(String text) {
    return new Template(TemplateParser.parse(text.replace("\\t", "\t").replace("\\n", "\n")));
  }

  /**
   * Shows {@code data} as the template says.
   *
   * @throws TemplateException for a field that is not there
   */
  public String render(@Nullable Object data) {
    var out = new StringBuilder();
    new Rendering(data, out).all(nodes, data);
    return out.toString();
  }

  /** One rendering, with its variables: those of an inner block hide those outside. */
  private static final class Rendering {
    private final @Nullable Object root;
    private final StringBuilder out;
    private final Map<String, @Nullable Object> variables = new HashMap<>();

    Rendering(@Nullable Object root, StringBuilder out) {
      this.root = root;
      this.out = out;
    }

    void all(List<TemplateNode> nodes, @Nullable Object dot) {
      nodes.forEach(node -> one(node, dot));
    }

    private void one(TemplateNode node, @Nullable Object dot) {
      switch (node) {
        case TemplateNode.Text literal -> out.append(literal.text());
        case TemplateNode.Value value ->
            out.append(TemplateFunctions.show(evaluate(value.expression(), dot)));
        case TemplateNode.Assign assign ->
            variables.put(assign.name(), evaluate(assign.expression(), dot));
        case TemplateNode.If branch ->
            all(
                TemplateFunctions.truthy(evaluate(branch.expression(), dot))
                    ? branch.body()
                    : branch.otherwise(),
                dot);
        case TemplateNode.With with -> with(with, dot);
        case TemplateNode.Range range -> range(range, dot);
      }
    }

    private void with(TemplateNode.With with, @Nullable Object dot) {
      var value = evaluate(with.expression(), dot);
      if (TemplateFunctions.truthy(value)) {
        all(with.body(), value);
      } else {
        all(with.otherwise(), dot);
      }
    }

    private void range(TemplateNode.Range range, @Nullable Object dot) {
      var value = evaluate(range.expression(), dot);
      var elements = TemplateFunctions.elements(value);
      if (elements.isEmpty()) {
        all(range.otherwise(), dot);
        return;
      }
      var keys =
          value instanceof Map<?, ?> map
              ? new ArrayList<Object>(TemplateFunctions.sorted(map).keySet())
              : List.of();
      int at = 0;
      for (var element : elements) {
        variables.put(range.key(), keys.isEmpty() ? at : keys.get(at));
        variables.put(range.value(), element);
        all(range.body(), element);
        at++;
      }
    }

    private @Nullable Object evaluate(TemplateExpression expression, @Nullable Object dot) {
      return switch (expression) {
        case TemplateExpression.Literal literal -> literal.value().orElse(null);
        case TemplateExpression.Dot _ -> dot;
        case TemplateExpression.Variable variable -> variable(variable.name());
        case TemplateExpression.Field field -> field(evaluate(field.of(), dot), field.name());
        case TemplateExpression.Call call -> {
          var values = new ArrayList<@Nullable Object>();
          call.arguments().forEach(argument -> values.add(evaluate(argument, dot)));
          yield TemplateFunctions.call(call.function(), values);
        }
      };
    }

    private @Nullable Object variable(String name) {
      if (name.equals("$")) {
        return root;
      }
      if (!variables.containsKey(name)) {
        throw TemplateException.unreadable("undefined variable \"" + name + "\"");
      }
      return variables.get(name);
    }

    /** A document's fields begin with a capital; any other key that is missing is no value. */
    private static @Nullable Object field(@Nullable Object value, String name) {
      if (value == null) {
        return null;
      }
      if (!(value instanceof Map<?, ?> map)) {
        throw TemplateException.unfit(
            "can't evaluate field " + name + " in " + TemplateFunctions.show(value));
      }
      if (!map.containsKey(name) && Character.isUpperCase(name.charAt(0))) {
        throw TemplateException.unfit(
            "can't evaluate field "
                + name
                + "; there are "
                + String.join(", ", TemplateFunctions.sorted(map).keySet()));
      }
      return map.get(name);
    }
  }
}
