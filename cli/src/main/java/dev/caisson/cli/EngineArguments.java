/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.EngineOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What was said to {@code caisson engine}.
 *
 * @param endpoints doors to open besides the front door, each with its options
 */
record EngineArguments(EngineOptions options, Map<String, Map<String, String>> endpoints) {
  static final String USAGE =
      """
      Usage: caisson engine [OPTIONS], or caisson engine stop
      Run the engine in the foreground, or end the one that runs. Containers go on; machines end.

            --root DIR               what survives a reboot
            --run DIR                what does not, sockets among it
            --isolation NAME         for containers that name none (container)
            --label NAME=VALUE       of this host; may be repeated
            --docker-socket PATH     open the Docker API there
            --docker-tcp ADDRESS:PORT
                                     and there, with --docker-tlscacert, --docker-tlscert
                                     and --docker-tlskey FILE
            --docker-refuse WORD,…   privileged, host-namespaces, host-paths, devices:
                                     answer 403 to whoever asks for such a thing
            --docker-log FILE        a line of JSON for each request
            --docker-bodies yes      with what was sent, passwords left out
            --metrics PORT           for Prometheus, on loopback
            --help                   show this text
      """;

  static EngineArguments parse(List<String> words) {
    var defaults = EngineOptions.fromEnvironment();
    var root = defaults.root();
    var run = defaults.run();
    var isolation = defaults.isolation();
    var labels = new HashMap<String, String>();
    var endpoints = new LinkedHashMap<String, Map<String, String>>();
    var rest = split(words);
    for (int i = 0; i < rest.size(); i++) {
      var word = rest.get(i);
      switch (word) {
        case "engine" -> {}
        case "--root" -> root = Path.of(value(rest, ++i, word));
        case "--run" -> run = Path.of(value(rest, ++i, word));
        case "--isolation" -> isolation = value(rest, ++i, word);
        case "--label" -> {
          var label = value(rest, ++i, word);
          int equals = label.indexOf('=');
          labels.put(
              equals < 0 ? label : label.substring(0, equals),
              equals < 0 ? "" : label.substring(equals + 1));
        }
        default -> {
          // --docker-socket PATH is option "socket" of endpoint "docker".
          var parts = word.startsWith("--") ? word.substring(2).split("-", 2) : new String[0];
          if (parts.length == 0 || !(parts.length == 2 || parts[0].equals("metrics"))) {
            throw EngineException.invalid("unknown option " + word, "caisson engine --help");
          }
          var endpoint = parts.length == 2 ? parts[0] : "docker";
          endpoints
              .computeIfAbsent(endpoint, name -> new LinkedHashMap<>())
              .put(parts[parts.length - 1], value(rest, ++i, word));
        }
      }
    }
    return new EngineArguments(new EngineOptions(root, run, isolation, labels), endpoints);
  }

  private static List<String> split(List<String> words) {
    var split = new ArrayList<String>();
    for (var word : words) {
      int equals = word.indexOf('=');
      if (word.startsWith("--") && equals > 0) {
        split.add(word.substring(0, equals));
        split.add(word.substring(equals + 1));
      } else {
        split.add(word);
      }
    }
    return split;
  }

  private static String value(List<String> words, int index, String option) {
    if (index >= words.size()) {
      throw EngineException.invalid(option + " needs a value", "caisson engine --help");
    }
    return words.get(index);
  }
}
