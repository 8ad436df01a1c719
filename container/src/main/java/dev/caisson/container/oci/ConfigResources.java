/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.oci;

import dev.caisson.container.cgroup.DeviceAccess;
import dev.caisson.sandbox.workload.Devices;
import dev.caisson.sandbox.workload.Resources;
import dev.caisson.sandbox.workload.Resources.DeviceRate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import tools.jackson.databind.JsonNode;

/**
 * The {@code linux.resources} of a config.json, or the document of {@code update}: what is 0 or
 * missing is not limited, or not changed. runtime-spec 1.2, config-linux.md
 */
final class ConfigResources {
  private static final int MOST_SWAPPY = 100;

  private ConfigResources() {}

  static Resources of(JsonNode limits) {
    return new Resources(
        memory(limits.path("memory")),
        cpu(limits.path("cpu")),
        number(limits.path("pids").path("limit")),
        blockIo(limits.path("blockIO")),
        hugePages(limits.path("hugepageLimits")),
        "",
        unified(limits.path("unified")));
  }

  private static OptionalLong number(JsonNode value) {
    return value.isIntegralNumber() && value.asLong() != 0
        ? OptionalLong.of(value.asLong())
        : OptionalLong.empty();
  }

  private static Optional<String> text(JsonNode value) {
    return Optional.of(value.asString("")).filter(text -> !text.isEmpty());
  }

  private static Resources.Memory memory(JsonNode memory) {
    // Callers write "no swappiness" as the largest unsigned number.
    JsonNode swappiness = memory.path("swappiness");
    boolean swappy =
        swappiness.canConvertToInt()
            && swappiness.asInt(-1) >= 0
            && swappiness.isIntegralNumber()
            && swappiness.asInt() <= MOST_SWAPPY;
    return new Resources.Memory(
        number(memory.path("limit")),
        number(memory.path("swap")),
        number(memory.path("reservation")),
        swappy ? OptionalInt.of(swappiness.asInt()) : OptionalInt.empty(),
        memory.path("disableOOMKiller").asBoolean(false));
  }

  private static Resources.Cpu cpu(JsonNode cpu) {
    return new Resources.Cpu(
        number(cpu.path("shares")),
        number(cpu.path("quota")),
        number(cpu.path("period")),
        number(cpu.path("realtimeRuntime")),
        number(cpu.path("realtimePeriod")),
        text(cpu.path("cpus")),
        text(cpu.path("mems")));
  }

  private static Resources.BlockIo blockIo(JsonNode io) {
    OptionalLong weight = number(io.path("weight"));
    var weights = new ArrayList<DeviceRate>();
    for (JsonNode device : io.path("weightDevice")) {
      weights.add(rate(device, "weight"));
    }
    return new Resources.BlockIo(
        weight.isPresent()
            ? OptionalInt.of(Math.toIntExact(weight.getAsLong()))
            : OptionalInt.empty(),
        weights,
        rates(io.path("throttleReadBpsDevice")),
        rates(io.path("throttleWriteBpsDevice")),
        rates(io.path("throttleReadIOPSDevice")),
        rates(io.path("throttleWriteIOPSDevice")));
  }

  private static List<DeviceRate> rates(JsonNode devices) {
    var rates = new ArrayList<DeviceRate>();
    devices.forEach(device -> rates.add(rate(device, "rate")));
    return rates;
  }

  private static DeviceRate rate(JsonNode device, String name) {
    return new DeviceRate(
        device.path("major").asInt(0), device.path("minor").asInt(0), device.path(name).asLong(0));
  }

  private static List<Resources.HugePages> hugePages(JsonNode limits) {
    var pages = new ArrayList<Resources.HugePages>();
    limits.forEach(limit ->
        pages.add(
            new Resources.HugePages(
                limit.path("pageSize").asString(""), limit.path("limit").asLong(0))));
    return pages;
  }

  private static Map<String, String> unified(JsonNode files) {
    var unified = new HashMap<String, String>();
    files.properties().forEach(file -> unified.put(file.getKey(), file.getValue().asString("")));
    return unified;
  }

  /**
   * The devices a container may use: the last rule that speaks of all decides whether it starts
   * from all or none; what is allowed after it is added to the standard ones.
   */
  static DeviceAccess devices(JsonNode limits) {
    boolean everything = false;
    var allowed = new ArrayList<Devices.Rule>();
    for (JsonNode node : limits.path("devices")) {
      boolean allow = node.path("allow").asBoolean(false);
      Devices.Rule rule = rule(node);
      boolean all = rule.major() == -1 && rule.minor() == -1 && rule.type() == Devices.Type.ALL;
      if (all) {
        everything = allow;
        allowed.clear();
      } else if (allow) {
        allowed.add(rule);
      } else {
        allowed.removeIf(rule::equals);
      }
    }
    return everything ? DeviceAccess.ALL : DeviceAccess.with(allowed);
  }

  private static Devices.Rule rule(JsonNode node) {
    String access = node.path("access").asString("");
    return new Devices.Rule(
        type(node.path("type").asString("")),
        wildcard(node.path("major")),
        wildcard(node.path("minor")),
        access.isEmpty() ? "rwm" : access);
  }

  private static Devices.Type type(String letter) {
    return switch (letter) {
      case "", "a" -> Devices.Type.ALL;
      case "b" -> Devices.Type.BLOCK;
      case "c", "u" -> Devices.Type.CHARACTER;
      default -> throw new OciException("device type '" + letter + "' is not one of a, b, c, u");
    };
  }

  private static int wildcard(JsonNode number) {
    return number.isIntegralNumber() && number.asInt() >= 0 ? number.asInt() : -1;
  }
}
