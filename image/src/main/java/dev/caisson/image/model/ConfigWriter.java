/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.model;

import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/** Writes an image configuration with the field names and omissions Docker uses. */
final class ConfigWriter {
  private ConfigWriter() {}

  static byte[] write(ImageConfig config) {
    var root = JsonFields.newObject();
    root.put("architecture", config.platform().architecture());
    put(root, "variant", config.platform().variant());
    root.put("os", config.platform().os());
    put(root, "os.version", config.platform().osVersion());
    config.created().ifPresent(time -> root.put("created", time.toString()));
    put(root, "author", config.author());
    defaults(root.putObject("config"), config.defaults());
    var rootfs = root.putObject("rootfs");
    rootfs.put("type", "layers");
    var ids = rootfs.putArray("diff_ids");
    config.diffIds().forEach(id -> ids.add(id.toString()));
    var history = root.putArray("history");
    config.history().forEach(step -> step(history.addObject(), step));
    return JsonFields.write(root);
  }

  private static void defaults(ObjectNode node, Defaults defaults) {
    put(node, "User", Optional.of(defaults.user()).filter(u -> !u.isEmpty()));
    set(node, "ExposedPorts", defaults.exposedPorts());
    list(node, "Env", defaults.environment());
    defaults.entrypoint().ifPresent(words -> always(node, "Entrypoint", words));
    defaults.command().ifPresent(words -> always(node, "Cmd", words));
    set(node, "Volumes", defaults.volumes());
    put(node, "WorkingDir", Optional.of(defaults.workingDirectory()).filter(dir -> !dir.isEmpty()));
    if (!defaults.labels().isEmpty()) {
      var labels = node.putObject("Labels");
      defaults.labels().forEach(labels::put);
    }
    put(node, "StopSignal", defaults.stopSignal());
    defaults.stopTimeoutSeconds().ifPresent(seconds -> node.put("StopTimeout", seconds));
    defaults.healthCheck().ifPresent(check -> health(node.putObject("Healthcheck"), check));
    list(node, "Shell", defaults.shell());
    list(node, "OnBuild", defaults.onBuild());
  }

  private static void health(ObjectNode node, HealthCheck check) {
    list(node, "Test", check.test());
    nanos(node, "Interval", check.interval());
    nanos(node, "Timeout", check.timeout());
    nanos(node, "StartPeriod", check.startPeriod());
    nanos(node, "StartInterval", check.startInterval());
    if (check.retries() > 0) {
      node.put("Retries", check.retries());
    }
  }

  private static void step(ObjectNode node, History step) {
    step.created().ifPresent(time -> node.put("created", time.toString()));
    put(node, "created_by", step.createdBy());
    put(node, "author", step.author());
    put(node, "comment", step.comment());
    if (step.emptyLayer()) {
      node.put("empty_layer", true);
    }
  }

  private static void put(ObjectNode node, String name, Optional<String> value) {
    value.ifPresent(text -> node.put(name, text));
  }

  private static void nanos(ObjectNode node, String name, Optional<Duration> value) {
    value.ifPresent(duration -> node.put(name, duration.toNanos()));
  }

  private static void set(ObjectNode node, String name, Collection<String> keys) {
    if (!keys.isEmpty()) {
      var object = node.putObject(name);
      keys.forEach(object::putObject);
    }
  }

  private static void list(ObjectNode node, String name, Collection<String> values) {
    if (!values.isEmpty()) {
      always(node, name, values);
    }
  }

  private static void always(ObjectNode node, String name, Collection<String> values) {
    var array = node.putArray(name);
    values.forEach(array::add);
  }
}
