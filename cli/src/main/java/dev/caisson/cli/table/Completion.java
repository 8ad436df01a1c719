/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.table;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** What the word being typed may become. Without an answer the shell offers files. */
final class Completion {
  /** A choice that a label spells out, as {@code bash|zsh}. */
  private static final Pattern CHOICE = Pattern.compile("[a-z-]+(\\|[a-z-]+)+");

  private final CommandTable table;
  private final KnownNames known;

  Completion(CommandTable table, KnownNames known) {
    this.table = table;
    this.known = known;
  }

  /**
   * @param words all up to the one being typed, which is the last and may be empty
   * @return whole words, in the order of names
   */
  List<String> of(List<String> words) {
    var typed = words.isEmpty() ? "" : words.getLast();
    var before = CommandRunner.withoutPlaces(words.subList(0, Math.max(0, words.size() - 1)));
    int named = table.named(before);
    var candidates =
        named == 0
            ? commands(before)
            : arguments(
                CommandTable.path(before, named), before.subList(named, before.size()), typed);
    return candidates.filter(word -> word.startsWith(typed)).distinct().sorted().toList();
  }

  private Stream<String> commands(List<String> before) {
    if (before.isEmpty()) {
      return Stream.of(table.described("").keySet(), table.groups(), List.of("engine", "oci"))
          .flatMap(names -> names.stream());
    }
    return before.size() > 1
        ? Stream.of()
        : table.described(before.getFirst()).keySet().stream()
            .map(path -> path.substring(path.indexOf(' ') + 1));
  }

  private Stream<String> arguments(String path, List<String> before, String typed) {
    var line = table.take(path);
    try {
      CommandSpec spec = line.getCommandSpec();
      var place = Place.after(spec, before, line.isStopAtPositional());
      if (place.option().isPresent()) {
        return values(path, place.option().get());
      }
      if (place.foreign()) {
        return Stream.of();
      }
      if (typed.startsWith("-")) {
        return spec.options().stream()
            .filter(option -> !option.hidden())
            .flatMap(option -> Stream.of(option.names()));
      }
      return spec.positionalParameters().stream()
          .filter(parameter -> parameter.index().contains(place.position()))
          .flatMap(parameter -> values(path, parameter));
    } finally {
      table.back(path, line);
    }
  }

  private Stream<String> values(String path, ArgSpec argument) {
    var label = argument.paramLabel();
    if (argument.completionCandidates() != null) {
      return StreamSupport.stream(argument.completionCandidates().spliterator(), false)
          .map(word -> word.toLowerCase(Locale.ROOT));
    }
    if (CHOICE.matcher(label).matches()) {
      return Stream.of(label.split("\\|"));
    }
    if (argument instanceof OptionSpec option && option.longestName().equals("--isolation")) {
      return known.isolations().stream();
    }
    if (label.startsWith("[CONTAINER:]")) {
      return known.containers().stream().map(name -> name + ":");
    }
    return switch (label.split("\\W", 2)[0]) {
      case "CONTAINER" -> known.containers().stream();
      case "IMAGE" -> known.images().stream();
      case "NETWORK" -> known.networks().stream();
      case "VOLUME" -> known.volumes().stream();
      case "SNAPSHOT", "CHECKPOINT" ->
          path.endsWith(" create") ? Stream.of() : known.snapshots().stream();
      case "NAME" -> argument instanceof PositionalParamSpec ? named(path).stream() : Stream.of();
      case "VERSION" ->
          path.equals("kernel use") || path.equals("kernel rm")
              ? known.kernels().stream()
              : Stream.of();
      default -> Stream.of();
    };
  }

  /** What NAME stands for, which the group of the command tells. */
  private List<String> named(String path) {
    if (path.endsWith("create")) {
      return List.of(); // a new name
    }
    return switch (path.split(" ")[0]) {
      case "container" -> known.containers();
      case "image", "images" -> known.images();
      case "network" -> known.networks();
      case "volume" -> known.volumes();
      case "snapshot" -> known.snapshots();
      case "inspect" -> known.everything();
      default -> List.of();
    };
  }

  /**
   * Where in a command line one stands.
   *
   * @param option whose value comes next
   * @param position how many positional arguments came before
   * @param foreign the words are those of another program
   */
  private record Place(Optional<OptionSpec> option, int position, boolean foreign) {
    static Place after(CommandSpec spec, List<String> words, boolean stopAtPositional) {
      Optional<OptionSpec> open = Optional.empty();
      var positional = new ArrayList<String>();
      for (var word : words) {
        if (open.isPresent()) {
          open = Optional.empty();
        } else if (word.startsWith("-") && word.length() > 1) {
          open = valued(spec, word);
        } else {
          positional.add(word);
          if (stopAtPositional) {
            return new Place(open, positional.size(), true);
          }
        }
      }
      return new Place(open, positional.size(), false);
    }

    /** The option of a word that wants the next word as its value. */
    private static Optional<OptionSpec> valued(CommandSpec spec, String word) {
      // Of short options in one word only the last can want one.
      var name = word.startsWith("--") ? word : "-" + word.charAt(word.length() - 1);
      return Optional.ofNullable(spec.findOption(name)).filter(found -> found.arity().min() > 0);
    }
  }
}
