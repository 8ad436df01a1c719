/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.table;

import dev.caisson.cli.words.Words;
import dev.caisson.cli.words.WordsException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/** What was wrong with words that picocli refused, in words for people. */
final class Misread {
  private final CommandLine line;
  private final List<String> words;

  Misread(CommandLine line, List<String> words) {
    this.line = line;
    this.words = words;
  }

  /**
   * What was wrong.
   *
   * @param missing whether the command line only lacks something
   */
  record Told(String message, String remedy, boolean missing) {}

  Told of(ParameterException refused) {
    // An option that nobody knows is the reason, though picocli may first miss what it hid.
    var unknown = unknownOption();
    if (unknown.isPresent()) {
      WordsException told =
          Words.unknown(
              unknown.get(),
              line.getCommandSpec().options().stream()
                  .filter(option -> !option.hidden())
                  .flatMap(option -> Stream.of(option.names()))
                  .toList());
      return new Told(String.valueOf(told.getMessage()), told.remedy(), false);
    }
    var argument = refused.getArgSpec();
    if (argument != null && conversion(refused)) {
      var name =
          argument instanceof OptionSpec option ? option.longestName() : argument.paramLabel();
      return new Told(
          "invalid %s '%s': %s".formatted(name, refused.getValue(), wanted(argument.type())),
          "",
          false);
    }
    return new Told(
        String.valueOf(refused.getMessage()),
        "",
        refused instanceof CommandLine.MissingParameterException);
  }

  private static boolean conversion(ParameterException refused) {
    return String.valueOf(refused.getMessage()).startsWith("Invalid value for");
  }

  private static String wanted(Class<?> type) {
    Object[] constants = type.getEnumConstants();
    return constants == null
        ? "it must be a number"
        : "it must be one of "
            + Stream.of(constants)
                .map(constant -> constant.toString().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(", "));
  }

  /** The first word in an option's place that is none; what follows an image is not ours. */
  private Optional<String> unknownOption() {
    CommandSpec spec = line.getCommandSpec();
    boolean value = false;
    for (var word : words) {
      if (value) {
        value = false;
      } else if (word.equals("--")) {
        return Optional.empty();
      } else if (word.startsWith("--")) {
        var option = spec.findOption(word.split("=", 2)[0]);
        if (option == null) {
          return Optional.of(word.split("=", 2)[0]);
        }
        value = !word.contains("=") && option.arity().min() > 0;
      } else if (word.startsWith("-") && word.length() > 1) {
        int last = 1;
        while (last < word.length() && isFlag(spec.findOption("-" + word.charAt(last)))) {
          last++;
        }
        if (last < word.length() && spec.findOption("-" + word.charAt(last)) == null) {
          return Optional.of("-" + word.charAt(last));
        }
        // Of short options in one word only the last can want another.
        value = last == word.length() - 1;
      } else if (line.isStopAtPositional()) {
        return Optional.empty();
      }
    }
    return Optional.empty();
  }

  private static boolean isFlag(@Nullable OptionSpec option) {
    return option != null && option.arity().min() == 0;
  }
}
