/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.words;

import dev.caisson.engine.text.Nearest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * What one command takes, declared once: options with and without a value, then arguments. Reads a
 * command line as getopt_long(3) does: options may follow arguments, short ones may share a word,
 * {@code --} ends them, and each is told to its taker in the order written.
 */
public final class Words {
  private final List<Option> options = new ArrayList<>();
  private final List<Argument> arguments = new ArrayList<>();

  /**
   * An option.
   *
   * @param label what its value is called; empty if it takes none
   * @param alone what it means without its value, if that may be left out
   */
  public record Option(
      List<String> names,
      String label,
      String description,
      Optional<String> alone,
      boolean hidden,
      Consumer<String> taker) {
    public Option {
      names = List.copyOf(names);
    }

    public boolean takesValue() {
      return !label.isEmpty();
    }
  }

  /** Arguments at one place: {@code least} to {@code most} of them. */
  public record Argument(
      String label, String description, int least, int most, Consumer<String> taker) {}

  /** An option without a value. */
  public void flag(String description, Runnable taker, String... names) {
    add(names, "", description, Optional.empty(), false, value -> taker.run());
  }

  /** An option that takes a value, as {@code -f raw}, {@code -fraw} or {@code --format=raw}. */
  public void value(String label, String description, Consumer<String> taker, String... names) {
    add(names, label, description, Optional.empty(), false, taker);
  }

  /** An option that takes a whole number, 0 or more. */
  public void number(String label, String description, IntConsumer taker, String... names) {
    value(label, description, value -> taker.accept(number(names[0], value)), names);
  }

  /**
   * An option whose value may be left out.
   *
   * @param label its values, separated by {@code |}; another word is not taken for one
   * @param alone what the option means by itself
   */
  public void choice(
      String label, String alone, String description, Consumer<String> taker, String... names) {
    add(names, label, description, Optional.of(alone), false, taker);
  }

  /** An option without a value that no help shows. */
  public void hidden(String description, Runnable taker, String... names) {
    add(names, "", description, Optional.empty(), true, value -> taker.run());
  }

  private void add(
      String[] names,
      String label,
      String description,
      Optional<String> alone,
      boolean hidden,
      Consumer<String> taker) {
    options.add(new Option(List.of(names), label, description, alone, hidden, taker));
  }

  /** One argument that must be there. */
  public void argument(String label, String description, Consumer<String> taker) {
    arguments.add(new Argument(label, description, 1, 1, taker));
  }

  /** One argument that may be left out. */
  public void optionalArgument(String label, String description, Consumer<String> taker) {
    arguments.add(new Argument(label, description, 0, 1, taker));
  }

  /** All further arguments, {@code least} of them or more. */
  public void arguments(String label, String description, int least, Consumer<String> taker) {
    arguments.add(new Argument(label, description, least, Integer.MAX_VALUE, taker));
  }

  public List<Option> options() {
    return List.copyOf(options);
  }

  public List<Argument> arguments() {
    return List.copyOf(arguments);
  }

  /**
   * Reads a command line.
   *
   * @return false if it asks for help; takers may have heard of a part of it then
   * @throws WordsException if it holds what was not declared, or lacks what must be there
   */
  public boolean read(List<String> given) {
    Deque<String> rest = new ArrayDeque<>(given);
    List<String> plain = new ArrayList<>();
    while (!rest.isEmpty()) {
      String word = rest.removeFirst();
      if (word.equals("--help")) {
        return false;
      } else if (word.equals("--")) {
        plain.addAll(rest);
        break;
      } else if (word.startsWith("--")) {
        readLong(word, rest);
      } else if (looksShort(word)) {
        readShort(word, rest);
      } else {
        plain.add(word);
      }
    }
    place(plain);
    return true;
  }

  /** A size or a number may begin with a minus, as an option does. */
  private static boolean looksShort(String word) {
    return word.length() > 1 && word.charAt(0) == '-' && !Character.isDigit(word.charAt(1));
  }

  private void readLong(String word, Deque<String> rest) {
    int equals = word.indexOf('=');
    String name = equals < 0 ? word : word.substring(0, equals);
    Option option = find(name);
    if (equals < 0) {
      option.taker.accept(option.takesValue() ? next(option, name, rest) : "");
    } else if (option.takesValue()) {
      option.taker.accept(word.substring(equals + 1));
    } else {
      throw new WordsException("%s takes no value: '%s'".formatted(name, word), name);
    }
  }

  private void readShort(String word, Deque<String> rest) {
    for (int i = 1; i < word.length(); i++) {
      String name = "-" + word.charAt(i);
      Option option = find(name);
      if (!option.takesValue()) {
        option.taker.accept("");
        continue;
      }
      String attached = word.substring(i + 1);
      String value = attached.startsWith("=") ? attached.substring(1) : attached;
      option.taker.accept(attached.isEmpty() ? next(option, name, rest) : value);
      return;
    }
  }

  private static String next(Option option, String name, Deque<String> rest) {
    String following = rest.peekFirst();
    if (option.alone.isPresent()) {
      boolean its = Arrays.asList(option.label.split("\\|")).contains(following);
      return its ? rest.removeFirst() : option.alone.get();
    }
    if (following == null) {
      throw new WordsException("%s lacks its value, %s".formatted(name, option.label), "");
    }
    return rest.removeFirst();
  }

  private Option find(String name) {
    for (Option option : options) {
      if (option.names.contains(name)) {
        return option;
      }
    }
    throw unknown(
        name,
        options.stream()
            .filter(option -> !option.hidden)
            .flatMap(option -> option.names.stream())
            .toList());
  }

  /** The refusal of an option that is none of {@code known}. */
  public static WordsException unknown(String name, List<String> known) {
    boolean guess = name.startsWith("--");
    return new WordsException(
        "unknown option '%s'".formatted(name), guess ? Nearest.of(name, known).orElse("") : "");
  }

  private void place(List<String> plain) {
    int next = 0;
    for (Argument place : arguments) {
      int last = next + Math.min(place.most, plain.size() - next);
      if (last - next < place.least) {
        throw new WordsException("lacks an argument, " + place.label, "");
      }
      plain.subList(next, last).forEach(place.taker);
      next = last;
    }
    if (next < plain.size()) {
      throw new WordsException("takes no further argument: '%s'".formatted(plain.get(next)), "");
    }
  }

  /** {@code all} and one more. */
  public static String[] appended(String[] all, String one) {
    String[] more = Arrays.copyOf(all, all.length + 1);
    more[all.length] = one;
    return more;
  }

  /**
   * The number an option was given.
   *
   * @throws WordsException if it is none, or does not fit an int
   */
  public static int number(String option, String value) {
    try {
      return Integer.parseInt(value);
    } catch (NumberFormatException none) {
      throw new WordsException("%s takes a number, not '%s'".formatted(option, value), "");
    }
  }
}
