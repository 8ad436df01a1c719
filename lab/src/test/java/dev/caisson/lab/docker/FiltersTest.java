/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Every filter of every list and prune: what it keeps, what it leaves, and that others are refused.
 */
@Tag("integration")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class FiltersTest {
  private static final JsonMapper MAPPER = new JsonMapper();

  private EngineProcess engine;
  private Shell docker;
  private String oneId;

  @BeforeAll
  void start() throws IOException {
    Shell.need("docker", "needs the docker command line");
    engine = EngineProcess.start();
    engine.importBusybox();
    docker = Shell.of("docker", "-H", engine.address());
    docker.with("network", "create", "--label", "net=1", "fnet").ok();
    docker.with("network", "create", "fempty").ok();
    docker.with("volume", "create", "--label", "vol=1", "fvol").ok();
    docker.with("volume", "create", "fother").ok();
    docker.with("tag", "busybox", "other/named:2").ok();
    oneId =
        docker
            .with("run", "-d", "--name", "one", "--label", "kind=a", "--network", "fnet")
            .with(
                "-v", "fvol:/data", "-p", "127.0.0.1::80", "--expose", "90", "--health-cmd", "true")
            .with("--health-interval", "1s", "busybox", "sleep", "1000")
            .ok()
            .strip();
    docker.with("run", "--name", "two", "--label", "kind=b", "busybox", "sh", "-c", "exit 3").run();
    docker.with("create", "--name", "three", "busybox", "true").ok();
    docker.with("commit", "-c", "LABEL made=here", "two", "made:1").ok();
  }

  @AfterAll
  void stop() throws IOException {
    if (engine != null) {
      try (EngineProcess over = engine) {
        ClientCoverage.assertDescribed(over.requests());
      }
    }
  }

  private static String query(String filters) {
    return "filters=" + URLEncoder.encode(filters, StandardCharsets.UTF_8);
  }

  private String answer(String method, String path) throws IOException {
    return engine.http(
        method
            + " "
            + path
            + " HTTP/1.1\r\nHost: a\r\nUser-Agent: filters\r\nConnection: close\r\n\r\n");
  }

  private JsonNode json(String method, String path) throws IOException {
    String answer = answer(method, path);
    assertThat(answer).as(path).startsWith("HTTP/1.1 200");
    return MAPPER.readTree(answer.substring(answer.indexOf("\r\n\r\n") + 4));
  }

  /** The names of what a list holds with one filter. */
  private Set<String> names(JsonNode list) {
    Set<String> names = new TreeSet<>();
    for (JsonNode each : list) {
      if (each.has("Names")) {
        names.add(each.get("Names").get(0).asString().substring(1));
      } else if (each.has("RepoTags")) {
        each.get("RepoTags").forEach(tag -> names.add(tag.asString()));
      } else {
        names.add(each.get("Name").asString());
      }
    }
    return names;
  }

  private Set<String> containers(String filters) throws IOException {
    return names(json("GET", "/containers/json?all=1&" + query(filters)));
  }

  private static String filter(String name, String value) {
    return "{\"" + name + "\":[\"" + value + "\"]}";
  }

  @Test
  void everyFilterOfContainers() throws IOException {
    String imageId = docker.with("inspect", "-f", "{{.Image}}", "one").ok().strip();
    String[][] cases = {
      {"id", oneId.substring(0, 12), "one"},
      {"name", "^/t", "three two"},
      {"name", "one", "one"},
      {"label", "kind=a", "one"},
      {"label", "kind", "one two"},
      {"status", "created", "three"},
      {"status", "exited", "two"},
      {"exited", "3", "two"},
      {"isolation", "container", "one three two"},
      {"is-task", "true", ""},
      {"is-task", "false", "one three two"},
      {"ancestor", "busybox", "one three two"},
      {"ancestor", imageId, "one three two"},
      {"ancestor", "made:1", ""},
      {"before", "two", "one"},
      {"since", "two", "three"},
      {"volume", "fvol", "one"},
      {"volume", "/data", "one"},
      {"network", "fnet", "one"},
      {"network", "bridge", "three two"},
      {"publish", "80/tcp", "one"},
      {"publish", "81", ""},
      {"expose", "90", "one"},
      {"health", "none", "three two"},
    };
    for (String[] each : cases) {
      assertThat(String.join(" ", containers(filter(each[0], each[1]))))
          .as(each[0] + "=" + each[1])
          .isEqualTo(each[2]);
    }
    assertThat(containers("{\"label\":{\"kind=a\":true},\"status\":{\"running\":true}}"))
        .as("the older form, two filters")
        .containsExactly("one");
    assertThat(containers("{\"name\":[\"one\",\"two\"]}")).containsExactly("one", "two");
    assertThat(names(json("GET", "/containers/json?limit=1"))).containsExactly("three");
    assertThat(names(json("GET", "/containers/json"))).containsExactly("one");
    for (String wrong : new String[] {filter("nosuch", "1"), filter("status", "odd"), "[]", "{"}) {
      assertThat(answer("GET", "/containers/json?" + query(wrong)))
          .as(wrong)
          .startsWith("HTTP/1.1 400");
    }
  }

  @Test
  void everyFilterOfImages() throws IOException {
    String[][] cases = {
      {"reference", "other/*", "other/named:2"},
      {"reference", "made:1", "made:1"},
      {"label", "made=here", "made:1"},
      {"dangling", "true", ""},
      {"dangling", "false", "busybox:latest made:1 other/named:2"},
      {"before", "made:1", "busybox:latest other/named:2"},
      {"since", "busybox", "made:1"},
      {"until", "1h", ""},
    };
    for (String[] each : cases) {
      assertThat(
              String.join(
                  " ", names(json("GET", "/images/json?" + query(filter(each[0], each[1]))))))
          .as(each[0] + "=" + each[1])
          .isEqualTo(each[2]);
    }
    assertThat(names(json("GET", "/v1.40/images/json?filter=made:1")))
        .as("the parameter of before 1.41")
        .containsExactly("made:1");
    assertThat(answer("GET", "/images/json?" + query(filter("nosuch", "1"))))
        .startsWith("HTTP/1.1 400");
  }

  @Test
  void everyFilterOfNetworks() throws IOException {
    String id = docker.with("network", "inspect", "-f", "{{.Id}}", "fnet").ok().strip();
    assertThat(docker.with("network", "ls", "--format", "{{.Name}}").ok().lines())
        .contains("host", "none")
        .doesNotHaveDuplicates();
    String[][] cases = {
      {"name", "fnet", "fnet"},
      {"id", id, "fnet"},
      {"label", "net=1", "fnet"},
      {"driver", "host", "host"},
      {"driver", "bridge", "bridge fempty fnet"},
      {"scope", "local", "bridge fempty fnet host none"},
      {"scope", "swarm", ""},
      {"type", "custom", "fempty fnet"},
      {"type", "builtin", "bridge host none"},
      {"dangling", "true", "fempty"},
    };
    for (String[] each : cases) {
      assertThat(
              String.join(" ", names(json("GET", "/networks?" + query(filter(each[0], each[1]))))))
          .as(each[0] + "=" + each[1])
          .isEqualTo(each[2]);
    }
    assertThat(answer("GET", "/networks?" + query(filter("nosuch", "1"))))
        .startsWith("HTTP/1.1 400");
  }

  @Test
  void everyFilterOfVolumes() throws IOException {
    String[][] cases = {
      {"name", "fvol", "fvol"},
      {"label", "vol=1", "fvol"},
      {"driver", "local", "fother fvol"},
      {"driver", "nfs", ""},
      {"dangling", "true", "fother"},
      {"dangling", "false", "fvol"},
    };
    for (String[] each : cases) {
      JsonNode answer = json("GET", "/volumes?" + query(filter(each[0], each[1])));
      assertThat(String.join(" ", names(answer.get("Volumes"))))
          .as(each[0] + "=" + each[1])
          .isEqualTo(each[2]);
    }
    assertThat(answer("GET", "/volumes?" + query(filter("nosuch", "1"))))
        .startsWith("HTTP/1.1 400");
  }

  @Test
  void everyFilterOfEvents() throws IOException {
    String[][] cases = {
      {"container", "one", "start"},
      {"container", oneId, "start"},
      {"event", "die", "die"},
      {"image", "busybox", "start"},
      {"label", "kind=a", "start"},
      {"network", "fnet", "connect"},
      {"volume", "fvol", "create"},
      {"type", "volume", "create"},
      {"scope", "local", "start"},
    };
    for (String[] each : cases) {
      String past = events(filter(each[0], each[1]));
      assertThat(past).as(each[0] + "=" + each[1]).contains("\"Action\":\"" + each[2] + "\"");
    }
    assertThat(events(filter("container", "nosuch"))).isEmpty();
    assertThat(events(filter("scope", "swarm"))).isEmpty();
    assertThat(answer("GET", "/events?until=1&" + query(filter("nosuch", "1"))))
        .startsWith("HTTP/1.1 400");
  }

  private String events(String filters) throws IOException {
    Instant now = Instant.now(); // a whole second would leave out what it has seen so far
    String until = "%d.%09d".formatted(now.getEpochSecond(), now.getNano());
    String answer = answer("GET", "/events?since=1&until=" + until + "&" + query(filters));
    return answer.substring(answer.indexOf("\r\n\r\n") + 4).strip();
  }

  /** Each prune with each of its filters, on things of its own that survive all but the last. */
  @Test
  void everyFilterOfPrunes() throws IOException {
    docker.with("create", "--name", "pp", "--label", "prune=p", "busybox", "true").ok();
    docker.with("volume", "create", "--label", "prune=p", "pv").ok();
    docker.with("network", "create", "--label", "prune=p", "pn").ok();
    docker.with("commit", "-c", "LABEL prune=p", "two", "pi:1").ok();
    String[][] prunes = {
      {"containers", "ContainersDeleted"},
      {"volumes", "VolumesDeleted"},
      {"networks", "NetworksDeleted"},
      {"images", "ImagesDeleted"}
    };
    for (String[] prune : prunes) {
      String path = "/" + prune[0] + "/prune?";
      String all = prune[0].equals("images") ? ",\"dangling\":[\"false\"]" : "";
      for (String keeps :
          new String[] {
            "{\"label\":[\"prune=q\"]" + all + "}",
            "{\"label\":[\"prune=p\"],\"label!\":[\"prune\"]" + all + "}",
            prune[0].equals("volumes")
                ? "{\"label\":[\"none\"],\"all\":[\"true\"]}"
                : "{\"label\":[\"prune=p\"],\"until\":[\"24h\"]" + all + "}"
          }) {
        assertThat(json("POST", path + query(keeps)).path(prune[1]).size())
            .as(prune[0] + " " + keeps)
            .isZero();
      }
      String takes =
          "{\"label\":[\"prune=p\"]"
              + (prune[0].equals("volumes") ? ",\"all\":[\"true\"]" : all)
              + "}";
      assertThat(json("POST", path + query(takes)).path(prune[1]).size())
          .as(prune[0] + " " + takes)
          .isPositive();
      assertThat(answer("POST", path + query(filter("nosuch", "1")))).startsWith("HTTP/1.1 400");
    }
    assertThat(json("POST", "/build/prune?" + query(filter("until", "24h"))).has("SpaceReclaimed"))
        .isTrue();
  }
}
