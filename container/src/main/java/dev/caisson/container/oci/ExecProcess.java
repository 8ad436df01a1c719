/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.oci;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The process.json that the options of {@code exec} stand for, based on the container's own. */
final class ExecProcess {
  private ExecProcess() {}

  static JsonNode of(Arguments arguments, JsonNode base) {
    List<String> words = arguments.operands().subList(1, arguments.operands().size());
    if (words.isEmpty()) {
      throw new OciException("exec: the command is missing");
    }
    ObjectNode process = (ObjectNode) base.deepCopy();
    process.set("args", array(words));
    process.put("terminal", arguments.flag("tty"));
    var environment = new ArrayList<>(Document.texts(base.path("env")));
    environment.addAll(arguments.environment());
    process.set("env", array(environment));
    arguments.option("cwd").ifPresent(cwd -> process.put("cwd", cwd));
    arguments.option("user").ifPresent(user -> process.set("user", user(user)));
    return process;
  }

  private static ObjectNode user(String text) {
    if (!text.matches("[0-9]{1,10}(:[0-9]{1,10})?")) {
      throw new OciException("user '" + text + "' is not UID or UID:GID");
    }
    String[] parts = text.split(":", 2);
    ObjectNode user = Document.MAPPER.createObjectNode();
    user.put("uid", Long.parseLong(parts[0]));
    user.put("gid", parts.length < 2 ? 0 : Long.parseLong(parts[1]));
    return user;
  }

  private static ArrayNode array(List<String> texts) {
    ArrayNode array = Document.MAPPER.createArrayNode();
    texts.forEach(array::add);
    return array;
  }
}
