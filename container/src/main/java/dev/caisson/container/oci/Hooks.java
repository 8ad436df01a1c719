/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.oci;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Programs that a configuration asks to be run, with the container's state on their input. */
final class Hooks {
  private static final String VERSION = "1.2.0";

  /** A state document in two parts, around the process id that is not known yet. */
  record State(String head, String tail) {}

  private Hooks() {}

  static State state(String id, String status, Path bundle, JsonNode annotations) {
    ObjectNode node = Document.MAPPER.createObjectNode();
    node.put("ociVersion", VERSION)
        .put("id", id)
        .put("status", status)
        .put("bundle", bundle.toString());
    node.set(
        "annotations", annotations.isObject() ? annotations : Document.MAPPER.createObjectNode());
    String json = node.toString();
    return new State(json.substring(0, json.length() - 1) + ",\"pid\":", "}");
  }

  static List<String> arguments(JsonNode hook) {
    List<String> arguments = Document.texts(hook.path("args"));
    return arguments.isEmpty() ? List.of(Document.text(hook, "path")) : arguments;
  }

  /** Runs the hooks of a point now; the first that fails ends it with an exception. */
  static void run(JsonNode config, String point, State state, int pid) {
    for (JsonNode hook : config.path("hooks").path(point)) {
      run(hook, point, state.head() + pid + state.tail());
    }
  }

  private static void run(JsonNode hook, String point, String input) {
    String path = Document.text(hook, "path");
    var words = new ArrayList<>(arguments(hook));
    words.set(0, path);
    try {
      var builder =
          new ProcessBuilder(words)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.INHERIT);
      builder.environment().clear();
      for (String entry : Document.texts(hook.path("env"))) {
        int equals = entry.indexOf('=');
        builder.environment().put(entry.substring(0, equals), entry.substring(equals + 1));
      }
      Process process = builder.start();
      try (var out = process.getOutputStream()) {
        out.write(input.getBytes(StandardCharsets.UTF_8));
      } catch (IOException unread) {
        // a hook need not read it
      }
      int timeout = hook.path("timeout").asInt(0);
      if (timeout > 0 && !process.waitFor(timeout, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new OciException(point + " hook " + path + " took longer than " + timeout + " s");
      }
      int code = process.waitFor();
      if (code != 0) {
        throw new OciException(point + " hook " + path + " ended with " + code);
      }
    } catch (IOException e) {
      throw new OciException(point + " hook " + path + " did not start: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OciException(point + " hook " + path + " was interrupted", e);
    }
  }
}
