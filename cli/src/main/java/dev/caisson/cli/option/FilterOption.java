/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.option;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.Filters;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** {@code --filter KEY=VALUE}, as often as wanted. */
public final class FilterOption {
  @Option(
      names = {"-f", "--filter"},
      paramLabel = "KEY=VALUE",
      converter = FilterWord.class,
      description = "only what fits; may be repeated")
  List<String> filters = new ArrayList<>();

  /** What is no filter at all is a mistake in the command line, told before anything is done. */
  static final class FilterWord implements ITypeConverter<String> {
    @Override
    public String convert(String word) {
      if (word.indexOf('=') <= 0) {
        throw new TypeConversionException("bad format of filter '" + word + "', write KEY=VALUE");
      }
      return word;
    }
  }

  public Filters filters() {
    return parse(filters);
  }

  public static Filters parse(List<String> texts) {
    var parsed = Filters.none();
    for (var text : texts) {
      int equals = text.indexOf('=');
      if (equals <= 0) {
        throw EngineException.invalid("bad format of filter '" + text + "'", "write KEY=VALUE");
      }
      parsed = parsed.with(text.substring(0, equals), text.substring(equals + 1));
    }
    return parsed;
  }
}
