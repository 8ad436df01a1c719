/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build.dockerfile;

import dev.caisson.build.dockerfile.Instruction.Flag;
import dev.caisson.build.dockerfile.Instruction.Variable;
import dev.caisson.engine.text.Nearest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Turns one logical line into its typed instruction, refusing what the Dockerfile reference does
 * not know.
 */
final class InstructionParser {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final Pattern ALIAS = Pattern.compile("[a-z][a-z0-9-_.]*");
  private static final Pattern NAME = Pattern.compile("[a-zA-Z_][a-zA-Z0-9_.-]*");
  private static final Set<String> RUN_FLAGS = Set.of("mount", "network", "security", "device");
  private static final Set<String> COPY_FLAGS =
      Set.of("from", "chown", "chmod", "link", "parents", "exclude");
  private static final Set<String> ADD_FLAGS =
      Set.of("chown", "chmod", "link", "checksum", "keep-git-dir", "unpack", "exclude");
  private static final Set<String> KEYWORDS =
      Set.of(
          "FROM",
          "ARG",
          "ENV",
          "LABEL",
          "RUN",
          "CMD",
          "ENTRYPOINT",
          "SHELL",
          "COPY",
          "ADD",
          "WORKDIR",
          "USER",
          "EXPOSE",
          "VOLUME",
          "STOPSIGNAL",
          "MAINTAINER",
          "HEALTHCHECK",
          "ONBUILD");

  private static final Set<String> HEALTH_FLAGS =
      Set.of("interval", "timeout", "start-period", "start-interval", "retries");

  private final char escape;

  InstructionParser(char escape) {
    this.escape = escape;
  }

  Instruction parse(LogicalLine line) {
    int at = line.number();
    String rest = line.rest();
    if (rest.isEmpty() && !line.keyword().equals("CMD") && !line.keyword().equals("ENTRYPOINT")) {
      throw new DockerfileException(at, line.keyword() + " needs an argument");
    }
    return switch (line.keyword()) {
      case "FROM" -> from(line);
      case "ARG" -> new Instruction.Arg(at, arguments(line));
      case "ENV" -> new Instruction.Env(at, assignments(line));
      case "LABEL" -> new Instruction.Label(at, assignments(line));
      case "RUN" -> run(line);
      case "CMD" -> new Instruction.Cmd(at, command(rest));
      case "ENTRYPOINT" -> new Instruction.Entrypoint(at, command(rest));
      case "SHELL" -> shell(line);
      case "COPY", "ADD" -> copy(line);
      case "WORKDIR" -> new Instruction.Workdir(at, rest);
      case "USER" -> new Instruction.User(at, rest);
      case "EXPOSE" -> new Instruction.Expose(at, Words.split(rest, escape));
      case "VOLUME" ->
          new Instruction.Volume(at, jsonStrings(rest).orElseGet(() -> Words.split(rest, escape)));
      case "STOPSIGNAL" -> new Instruction.StopSignal(at, rest);
      case "MAINTAINER" -> new Instruction.Maintainer(at, rest);
      case "HEALTHCHECK" -> healthcheck(line);
      case "ONBUILD" -> onBuild(line);
      default -> throw unknown(line);
    };
  }

  private static DockerfileException unknown(LogicalLine line) {
    String meant =
        Nearest.of(line.keyword(), KEYWORDS).map(known -> "; was it " + known + "?").orElse("");
    return new DockerfileException(
        line.number(), "unknown instruction '" + line.keyword() + "'" + meant);
  }

  private Instruction from(LogicalLine line) {
    Flagged flagged = flags(line, Set.of("platform"));
    List<String> words = Words.split(flagged.rest(), escape);
    boolean named = words.size() == 3 && words.get(1).equalsIgnoreCase("AS");
    if (words.size() != 1 && !named) {
      throw new DockerfileException(line.number(), "FROM takes IMAGE or IMAGE AS NAME");
    }
    String alias = named ? words.get(2).toLowerCase(Locale.ROOT) : null;
    if (alias != null && !ALIAS.matcher(alias).matches()) {
      throw new DockerfileException(
          line.number(), "'" + alias + "' is no stage name: a letter, then letters, digits, - _ .");
    }
    return new Instruction.From(
        line.number(), words.getFirst(), flagged.value("platform"), Optional.ofNullable(alias));
  }

  private List<Variable> arguments(LogicalLine line) {
    List<Variable> found = new ArrayList<>();
    for (String word : Words.split(line.rest(), escape)) {
      Variable variable = variable(word);
      if (!NAME.matcher(variable.name()).matches()) {
        throw new DockerfileException(
            line.number(), "'" + variable.name() + "' is no name for an argument");
      }
      found.add(variable);
    }
    return List.copyOf(found);
  }

  /** {@code name=value …}, or the old form {@code name the rest of the line}. */
  private List<Variable> assignments(LogicalLine line) {
    List<String> words = Words.split(line.rest(), escape);
    if (!words.getFirst().contains("=")) {
      if (words.size() < 2) {
        throw new DockerfileException(
            line.number(),
            line.keyword() + " takes NAME=VALUE, and '" + words.getFirst() + "' has no value");
      }
      String value = line.rest().substring(words.getFirst().length()).strip();
      return List.of(new Variable(words.getFirst(), Optional.of(value)));
    }
    List<Variable> found = new ArrayList<>();
    for (String word : words) {
      Variable variable = variable(word);
      if (variable.value().isEmpty() || variable.name().isEmpty()) {
        throw new DockerfileException(
            line.number(), line.keyword() + " takes NAME=VALUE, not '" + word + "'");
      }
      found.add(variable);
    }
    return List.copyOf(found);
  }

  private static Variable variable(String word) {
    int equals = word.indexOf('=');
    return equals < 0
        ? new Variable(word, Optional.empty())
        : new Variable(word.substring(0, equals), Optional.of(word.substring(equals + 1)));
  }

  private Instruction run(LogicalLine line) {
    Flagged flagged = flags(line, RUN_FLAGS);
    return new Instruction.Run(
        line.number(), command(flagged.rest()), flagged.flags(), line.heredocs());
  }

  private Instruction shell(LogicalLine line) {
    List<String> arguments =
        jsonStrings(line.rest())
            .filter(list -> !list.isEmpty())
            .orElseThrow(() ->
                new DockerfileException(
                    line.number(), "SHELL takes a JSON array such as [\"/bin/sh\", \"-c\"]"));
    return new Instruction.Shell(line.number(), arguments);
  }

  private Instruction copy(LogicalLine line) {
    boolean add = line.keyword().equals("ADD");
    Flagged flagged = flags(line, add ? ADD_FLAGS : COPY_FLAGS);
    List<String> words =
        jsonStrings(flagged.rest()).orElseGet(() -> Words.split(flagged.rest(), escape));
    if (words.size() < 2) {
      throw new DockerfileException(
          line.number(), line.keyword() + " takes at least one source and a target");
    }
    List<String> sources = words.subList(0, words.size() - 1);
    String target = words.getLast();
    if (sources.size() > 1
        && !target.endsWith("/")
        && !target.equals(".")
        && !target.endsWith("/.")) {
      throw new DockerfileException(
          line.number(),
          "with more than one source the target must be a directory and end in '/': " + target);
    }
    return new Instruction.Copy(
        line.number(), add, List.copyOf(sources), target, flagged.flags(), line.heredocs());
  }

  private Instruction healthcheck(LogicalLine line) {
    Flagged flagged = flags(line, HEALTH_FLAGS);
    String rest = flagged.rest();
    if (rest.equalsIgnoreCase("NONE")) {
      return new Instruction.Healthcheck(line.number(), Optional.empty(), Map.of());
    }
    if (!rest.regionMatches(true, 0, "CMD", 0, 3) || rest.length() < 5) {
      throw new DockerfileException(line.number(), "HEALTHCHECK takes NONE or CMD and a command");
    }
    Map<String, String> options = new LinkedHashMap<>();
    flagged.flags().forEach(flag -> options.put(flag.name(), flag.value()));
    return new Instruction.Healthcheck(
        line.number(), Optional.of(command(rest.substring(3).strip())), options);
  }

  private Instruction onBuild(LogicalLine line) {
    String keyword = Words.split(line.rest(), escape).getFirst().toUpperCase(Locale.ROOT);
    if (Set.of("ONBUILD", "FROM", "MAINTAINER").contains(keyword)) {
      throw new DockerfileException(line.number(), "ONBUILD cannot trigger " + keyword);
    }
    StringBuilder trigger = new StringBuilder(line.rest());
    for (Heredoc heredoc : line.heredocs()) {
      trigger.append('\n').append(heredoc.content()).append(heredoc.name());
    }
    parseTriggerForItsErrors(line, keyword);
    return new Instruction.OnBuild(line.number(), trigger.toString());
  }

  private void parseTriggerForItsErrors(LogicalLine line, String keyword) {
    parse(
        new LogicalLine(
            line.number(),
            keyword,
            line.rest().substring(keyword.length()).strip(),
            line.heredocs()));
  }

  private static Command command(String text) {
    return jsonStrings(text)
        .<Command>map(Command.Exec::new)
        .orElseGet(() -> new Command.Shell(text));
  }

  /**
   * The strings of a JSON array; absent when {@code text} is anything else, which then is a shell
   * form.
   */
  private static Optional<List<String>> jsonStrings(String text) {
    if (!text.startsWith("[")) {
      return Optional.empty();
    }
    try {
      JsonNode array = JSON.readTree(text);
      if (!array.isArray() || array.valueStream().anyMatch(node -> !node.isString())) {
        return Optional.empty();
      }
      return Optional.of(array.valueStream().map(JsonNode::stringValue).toList());
    } catch (JacksonException notJson) {
      return Optional.empty();
    }
  }

  private record Flagged(List<Flag> flags, String rest) {
    Optional<String> value(String name) {
      return flags.stream().filter(flag -> flag.name().equals(name)).map(Flag::value).findFirst();
    }
  }

  private Flagged flags(LogicalLine line, Set<String> known) {
    List<Flag> flags = new ArrayList<>();
    String rest = line.rest();
    while (rest.startsWith("--")) {
      int end = Words.endOfWord(rest, 0, escape);
      String word = rest.substring(2, end);
      rest = rest.substring(end).strip();
      if (word.isEmpty()) {
        break; // "--" ends the flags
      }
      int equals = word.indexOf('=');
      String name = equals < 0 ? word : word.substring(0, equals);
      if (!known.contains(name)) {
        throw new DockerfileException(
            line.number(), line.keyword() + " has no flag --" + name + nearest(name, known));
      }
      flags.add(new Flag(name, equals < 0 ? "true" : word.substring(equals + 1)));
    }
    return new Flagged(List.copyOf(flags), rest);
  }

  private static String nearest(String name, Set<String> known) {
    @Nullable String match =
        known.stream()
            .filter(candidate -> candidate.startsWith(name) || name.startsWith(candidate))
            .findFirst()
            .orElse(null);
    return match == null
        ? "; it knows " + String.join(", ", known.stream().sorted().toList())
        : "; did you mean --" + match + "?";
  }
}
