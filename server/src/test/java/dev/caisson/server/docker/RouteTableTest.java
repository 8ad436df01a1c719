/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.server.http.Route;
import dev.caisson.server.http.RouteTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * docs/docker-api.md is printed from the route table, so that it cannot lie. {@code
 * -Dwrite.tables=true} prints it anew.
 */
class RouteTableTest {
  private static final Path PAGE = Path.of("../docs/docker-api.md");
  private static final String BEGIN = "<!-- routes: printed by RouteTableTest -->\n";
  private static final String END = "<!-- end of routes -->";

  @TempDir Path folder;

  /** The clients of the page are kept: lab's client tests hold those against what they saw. */
  private String table(String page) {
    try (EngineFixture api = new EngineFixture(folder)) {
      RouteTable routes = DockerApi.routes(api.engine(), HostAccess.refusing(""));
      return "| method | path | differs from dockerd | exercised by |\n|---|---|---|---|\n"
          + routes.routes().stream()
              .map(route -> row(route) + clients(page, route) + " |\n")
              .collect(Collectors.joining());
    }
  }

  private static String row(Route route) {
    return start(route) + route.note() + " | ";
  }

  private static String start(Route route) {
    return "| " + route.method() + " | `" + route.template().replace("*}", "}") + "` | ";
  }

  private static String clients(String page, Route route) {
    return page.lines()
        .filter(line -> line.startsWith(start(route)))
        .map(line -> line.substring(0, line.length() - 1).replaceFirst(".*\\|", "").strip())
        .findFirst()
        .orElse("");
  }

  @Test
  void thePageListsEveryRoute() throws IOException {
    String page = Files.readString(PAGE);
    String fresh =
        page.substring(0, page.indexOf(BEGIN) + BEGIN.length())
            + table(page)
            + page.substring(page.indexOf(END));
    if (Boolean.getBoolean("write.tables")) {
      Files.writeString(PAGE, fresh);
    }
    assertThat(page)
        .as("run ./dev test -pl server -am -Dtest=RouteTableTest -Dwrite.tables=true")
        .isEqualTo(fresh);
  }

  @Test
  void moreSpecificRoutesComeFirst() {
    try (EngineFixture api = new EngineFixture(folder)) {
      RouteTable routes = DockerApi.routes(api.engine(), HostAccess.refusing(""));
      for (String path : new String[] {"/images/json", "/images/get", "/images/search"}) {
        assertThat(routes.find("GET", path).orElseThrow().route().template()).isEqualTo(path);
      }
      assertThat(routes.find("GET", "/images/library/busybox/json").orElseThrow().variables())
          .containsEntry("name", "library/busybox");
    }
  }
}
