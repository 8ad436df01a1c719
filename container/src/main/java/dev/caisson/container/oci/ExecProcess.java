/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.oci;

import dev.caisson.sandbox.workload.Capability;
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
    if (!arguments.values("additional-gids").isEmpty()) {
      ArrayNode groups = process.withObjectProperty("user").putArray("additionalGids");
      arguments.values("additional-gids").forEach(group -> groups.add(id(group)));
    }
    if (arguments.flag("no-new-privs")) {
      process.put("noNewPrivileges", true);
    }
    arguments.option("apparmor").ifPresent(name -> process.put("apparmorProfile", name));
    arguments.option("process-label").ifPresent(label -> process.put("selinuxLabel", label));
    capabilities(process, arguments.values("cap"));
    return process;
  }

  /** Added to what the process may do, as runc adds them. */
  private static void capabilities(ObjectNode process, List<String> names) {
    for (String name : names) {
      if (Capability.named(name).isEmpty()) {
        throw new OciException("capability '" + name + "' is unknown");
      }
      for (String set : List.of("bounding", "effective", "permitted")) {
        process.withObjectProperty("capabilities").withArrayProperty(set).add(name);
      }
    }
  }

  private static long id(String text) {
    if (!text.matches("[0-9]{1,10}")) {
      throw new OciException("group '" + text + "' is not a number");
    }
    return Long.parseLong(text);
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
