/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/** The description holds the routes that docs/docker-api.md prints, and its checks do check. */
class OpenApiTest {
  private static final Pattern ROW =
      Pattern.compile("\\| (GET|HEAD|POST|PUT|DELETE) \\| `([^`]+)` .*");

  @Test
  void everyRouteIsExercisedByARealClient() throws IOException {
    assertThat(Files.readAllLines(Path.of("../docs/docker-api.md")))
        .filteredOn(line -> ROW.matcher(line).matches())
        .noneMatch(line -> line.endsWith("|  |"));
  }

  @Test
  void everyRouteIsDescribedAndNothingElse() throws IOException {
    Set<String> printed = new TreeSet<>();
    for (String line : Files.readAllLines(Path.of("../docs/docker-api.md"))) {
      var row = ROW.matcher(line);
      if (row.matches()) {
        printed.add(row.group(1) + " " + row.group(2));
      }
    }
    assertThat(new TreeSet<>(OpenApi.load().operations())).isEqualTo(printed);
  }

  @Test
  void whatDiffersFromTheDescriptionIsFound() throws IOException {
    JsonMapper mapper = new JsonMapper();
    OpenApi described = OpenApi.load();
    String line = "{\"method\":\"GET\",\"route\":\"/volumes/{name}\",\"status\":200,\"answer\":";
    assertThat(
            described.problems(
                mapper.readTree(
                    line
                        + "{\"CreatedAt\":\"2026-01-02T03:04:05.6Z\",\"Driver\":\"local\",\"Labels\":null,"
                        + "\"Mountpoint\":\"/a\",\"Name\":\"n\",\"Options\":null,\"Scope\":\"local\"}}")))
        .isEmpty();
    assertThat(
            described.problems(
                mapper.readTree(
                    line
                        + "{\"CreatedAt\":\"yesterday\",\"Mountpoint\":\"a\",\"Scope\":\"swarm\",\"Labels\":{\"a\":1}}}")))
        .anyMatch(problem -> problem.contains("CreatedAt does not match"))
        .anyMatch(problem -> problem.contains("Mountpoint does not match"))
        .anyMatch(problem -> problem.contains("Scope is not local"))
        .anyMatch(problem -> problem.contains("Labels.a is no string"))
        .anyMatch(problem -> problem.contains("lacks Driver"));
    assertThat(
            described.problems(
                mapper.readTree(
                    "{\"method\":\"GET\",\"route\":\"/events\",\"status\":200,\"answer\":{\"Type\":\"moon\",\"Action\":\"rise\",\"Actor\":{},\"scope\":\"local\",\"time\":1,\"timeNano\":1}}")))
        .as("a document of a stream")
        .anyMatch(problem -> problem.contains("Type is none of"))
        .anyMatch(problem -> problem.contains("Actor lacks ID"));
    assertThat(
            described.problems(
                mapper.readTree(
                    "{\"method\":\"GET\",\"route\":\"/volumes/{name}\",\"status\":404,\"answer\":{\"message\":\"x\",\"y\":1}}")))
        .singleElement()
        .asString()
        .contains("undescribed y");
  }
}
