/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Which routes a real client has exercised with success, by the engine's request log, held against
 * what docs/docker-api.md claims of it. {@code -Dwrite.tables=true} writes the claim anew.
 */
final class ClientCoverage {
  private static final Path PAGE = Path.of("../docs/docker-api.md");
  private static final JsonMapper MAPPER = new JsonMapper();
  private static final int COLUMNS = 4;

  private ClientCoverage() {}

  /** The lines of a request log. */
  static List<JsonNode> requests(Path log) throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(log)) {
      lines.add(MAPPER.readTree(line));
    }
    return lines;
  }

  /**
   * Every route that the page says {@code client} exercises must be among those it did in this run,
   * and every exchange must be as spec/openapi.yaml describes it.
   *
   * @param agent tells the client's requests from others by their User-Agent
   */
  static void check(Path log, String client, Predicate<String> agent) throws IOException {
    Set<String> seen = new TreeSet<>();
    String page = Files.readString(PAGE);
    assertDescribed(log);
    for (JsonNode line : requests(log)) {
      String plain = operation(line).replace("*}", "}");
      int status = line.path("status").asInt(0);
      if (agent.test(line.path("client").asString(""))
          && (status < 400 || promised(page, plain).contains(status))) {
        seen.add(plain);
      }
    }
    assertThat(seen).as("requests of %s", client).isNotEmpty();
    if (Boolean.getBoolean("write.tables")) {
      Files.writeString(PAGE, rewritten(page, client, seen));
      return;
    }
    assertThat(seen)
        .as("docs/docker-api.md says that %s exercises these; this run did not", client)
        .containsAll(claimed(page, client));
  }

  private static String operation(JsonNode line) {
    return line.path("method").asString() + " " + line.path("route").asString();
  }

  /** Every exchange must be as spec/openapi.yaml describes it. */
  static void assertDescribed(Path log) throws IOException {
    Set<String> problems = new TreeSet<>();
    OpenApi described = OpenApi.load();
    for (JsonNode line : requests(log)) {
      described.problems(line).forEach(problem -> problems.add(operation(line) + ": " + problem));
    }
    assertThat(problems).as("exchanges that spec/openapi.yaml does not describe").isEmpty();
  }

  /** The refusals that the page promises of a route: the numbers that its note begins with. */
  private static Set<Integer> promised(String page, String operation) {
    Set<Integer> promised = new TreeSet<>();
    for (String line : page.lines().toList()) {
      String[] cells = cells(line);
      if (cells.length == COLUMNS && operation.equals(cells[0] + " " + cells[1].replace("`", ""))) {
        Matcher number = Pattern.compile("\\b[45]\\d\\d\\b").matcher(cells[2]);
        while (number.find()) {
          promised.add(Integer.valueOf(number.group()));
        }
      }
    }
    return promised;
  }

  private static Set<String> claimed(String page, String client) {
    Set<String> claimed = new TreeSet<>();
    for (String line : page.lines().toList()) {
      String[] cells = cells(line);
      if (cells.length == COLUMNS && clients(cells[3]).contains(client)) {
        claimed.add(cells[0] + " " + cells[1].replace("`", ""));
      }
    }
    return claimed;
  }

  private static String rewritten(String page, String client, Set<String> seen) {
    StringBuilder fresh = new StringBuilder();
    for (String line : page.lines().toList()) {
      String[] cells = cells(line);
      if (cells.length == COLUMNS && cells[1].startsWith("`/")) {
        Set<String> clients = clients(cells[3]);
        clients.remove(client);
        if (seen.contains(cells[0] + " " + cells[1].replace("`", ""))) {
          clients.add(client);
        }
        cells[3] = String.join(", ", clients);
        fresh.append("| ").append(String.join(" | ", cells)).append(" |\n");
      } else {
        fresh.append(line).append('\n');
      }
    }
    return fresh.toString();
  }

  private static String[] cells(String line) {
    if (!line.startsWith("| ") || !line.endsWith("|")) {
      return new String[0];
    }
    String[] cells = line.substring(2, line.length() - 1).split(Pattern.quote("|"), -1);
    for (int i = 0; i < cells.length; i++) {
      cells[i] = cells[i].strip();
    }
    return cells;
  }

  private static Set<String> clients(String cell) {
    Set<String> clients = new TreeSet<>(List.of(cell.split(", ")));
    clients.remove("");
    return clients;
  }
}
