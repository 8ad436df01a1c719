/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.server.http.HttpException;
import dev.caisson.server.http.Json;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/**
 * Every field of HostConfig in version 1.51 of the API, with a value that means something: it reads
 * back from inspect, or is refused, or is warned of.
 */
class HostConfigTest {
  private static final Map<String, String> HONOURED =
      Map.ofEntries(
          Map.entry("Annotations", "{\"a\":\"b\"}"),
          Map.entry("AutoRemove", "true"),
          Map.entry("Binds", "[\"/a:/b:rw\",\"v:/c\"]"),
          Map.entry("BlkioDeviceReadBps", "[{\"Path\":\"/dev/x\",\"Rate\":9}]"),
          Map.entry("BlkioDeviceReadIOps", "[{\"Path\":\"/dev/x\",\"Rate\":9}]"),
          Map.entry("BlkioDeviceWriteBps", "[{\"Path\":\"/dev/x\",\"Rate\":9}]"),
          Map.entry("BlkioDeviceWriteIOps", "[{\"Path\":\"/dev/x\",\"Rate\":9}]"),
          Map.entry("BlkioWeight", "300"),
          Map.entry("BlkioWeightDevice", "[{\"Path\":\"/dev/x\",\"Weight\":9}]"),
          Map.entry("CapAdd", "[\"NET_ADMIN\"]"),
          Map.entry("CapDrop", "[\"ALL\"]"),
          Map.entry("CgroupParent", "\"/a\""),
          Map.entry("CgroupnsMode", "\"host\""),
          Map.entry("ConsoleSize", "[24,80]"),
          Map.entry("CpuPeriod", "100000"),
          Map.entry("CpuQuota", "50000"),
          Map.entry("CpuRealtimePeriod", "1000000"),
          Map.entry("CpuRealtimeRuntime", "950000"),
          Map.entry("CpuShares", "512"),
          Map.entry("CpusetCpus", "\"0\""),
          Map.entry("CpusetMems", "\"0\""),
          Map.entry("DeviceCgroupRules", "[\"c 1:3 rwm\"]"),
          Map.entry(
              "Devices",
              "[{\"PathOnHost\":\"/dev/null\",\"PathInContainer\":\"/dev/n\",\"CgroupPermissions\":\"r\"}]"),
          Map.entry("Dns", "[\"9.9.9.9\"]"),
          Map.entry("DnsOptions", "[\"ndots:1\"]"),
          Map.entry("DnsSearch", "[\"example.org\"]"),
          Map.entry("ExtraHosts", "[\"a:1.2.3.4\"]"),
          Map.entry("GroupAdd", "[\"77\"]"),
          Map.entry("Init", "true"),
          Map.entry("IpcMode", "\"host\""),
          Map.entry("LogConfig", "{\"Type\":\"json-file\",\"Config\":{\"max-size\":\"1m\"}}"),
          Map.entry("MaskedPaths", "[\"/proc/kcore\"]"),
          Map.entry("Memory", "67108864"),
          Map.entry("MemoryReservation", "33554432"),
          Map.entry("MemorySwap", "134217728"),
          Map.entry("MemorySwappiness", "10"),
          Map.entry(
              "Mounts",
              "[{\"Target\":\"/m\",\"ReadOnly\":true,\"Type\":\"volume\",\"Source\":\"v\"},"
                  + "{\"Target\":\"/t\",\"Type\":\"tmpfs\",\"TmpfsOptions\":{\"SizeBytes\":4096,\"Mode\":493}}]"),
          Map.entry("NanoCpus", "500000000"),
          Map.entry("NetworkMode", "\"host\""),
          Map.entry("OomKillDisable", "true"),
          Map.entry("OomScoreAdj", "5"),
          Map.entry("PidMode", "\"host\""),
          Map.entry("PidsLimit", "50"),
          Map.entry(
              "PortBindings", "{\"80/tcp\":[{\"HostIp\":\"127.0.0.1\",\"HostPort\":\"8080\"}]}"),
          Map.entry("Privileged", "true"),
          Map.entry("PublishAllPorts", "true"),
          Map.entry("ReadonlyPaths", "[\"/proc/sys\"]"),
          Map.entry("ReadonlyRootfs", "true"),
          Map.entry("RestartPolicy", "{\"Name\":\"on-failure\",\"MaximumRetryCount\":3}"),
          Map.entry("SecurityOpt", "[\"no-new-privileges\"]"),
          Map.entry("ShmSize", "8388608"),
          Map.entry("StorageOpt", "{\"size\":\"1G\"}"),
          Map.entry("Sysctls", "{\"net.core.somaxconn\":\"9\"}"),
          Map.entry("Tmpfs", "{\"/run\":\"size=64m,noexec\"}"),
          Map.entry("UTSMode", "\"host\""),
          Map.entry("Ulimits", "[{\"Name\":\"nofile\",\"Soft\":9,\"Hard\":10}]"),
          Map.entry("UsernsMode", "\"host\""),
          Map.entry("VolumeDriver", "\"local\""),
          Map.entry("VolumesFrom", "[\"other:ro\"]"));

  /** By what the answer says of them. */
  private static final Map<String, String> WARNED =
      Map.of(
          "KernelMemoryTCP", "1000000",
          "Links", "[\"a:b\"]",
          "LxcConf", "[{\"Key\":\"a\"}]",
          "FieldOfTheFuture", "1");

  private static final Map<String, String> REFUSED =
      Map.of(
          "CpuCount", "1",
          "CpuPercent", "50",
          "IOMaximumBandwidth", "1",
          "IOMaximumIOps", "1",
          "Cgroup", "\"container:a\"",
          "Capabilities", "[\"CAP_CHOWN\"]",
          "DiskQuota", "1");

  /** Shown or used in other ways than under their own name. */
  private static final Set<String> ELSEWHERE =
      Set.of(
          "Isolation", // inspect shows the wall in effect
          "Runtime", // another word for Isolation
          "ContainerIDFile", // the client writes it
          "KernelMemory", // warned of by the engine
          "DeviceRequests"); // refused by the engine: no GPUs

  private static JsonNode body(String field, String value) {
    return Json.MAPPER.readTree(
        "{\"Image\":\"a\",\"HostConfig\":{\"" + field + "\":" + value + "}}");
  }

  static Set<Map.Entry<String, String>> honoured() {
    return HONOURED.entrySet();
  }

  @ParameterizedTest
  @MethodSource("honoured")
  void whatIsHonouredReadsBack(Map.Entry<String, String> field) {
    JsonNode body = body(field.getKey(), field.getValue());
    assertThat(HostConfigReview.review(Body.of(body))).isEmpty();
    InstanceSpec spec = CreateBody.read(body, Optional.empty(), Optional.empty());
    JsonNode shown = HostConfigJson.of(spec, "container").get(field.getKey());
    assertThat(Json.MAPPER.readTree(String.valueOf(shown)))
        .isEqualTo(Json.MAPPER.readTree(field.getValue()));
  }

  @Test
  void whatHasNoEffectIsWarnedOf() {
    WARNED.forEach((field, value) ->
        assertThat(HostConfigReview.review(Body.of(body(field, value)))).as(field).hasSize(1));
    assertThat(
            HostConfigReview.review(
                Body.of(body("LogConfig", "{\"Config\":{\"compress\":\"true\"}}"))))
        .singleElement()
        .asString()
        .contains("compress");
  }

  @Test
  void whatCannotBeDoneIsRefusedByName() {
    REFUSED.forEach((field, value) ->
        assertThatThrownBy(() -> HostConfigReview.review(Body.of(body(field, value))))
            .isInstanceOf(HttpException.class)
            .hasMessageContaining("HostConfig." + field));
    assertThatThrownBy(() ->
            HostConfigReview.review(Body.of(body("LogConfig", "{\"Config\":{\"nosuch\":\"1\"}}"))))
        .hasMessageContaining("unknown log opt 'nosuch'");
  }

  /** Docker's clients send every field, most of them empty: that asks for nothing. */
  @Test
  void emptyFieldsAskForNothing() {
    StringBuilder host = new StringBuilder("{\"Image\":\"a\",\"HostConfig\":{\"x\":null");
    for (String field : HostConfigReview.KNOWN) {
      for (String value : List.of("null")) {
        host.append(",\"").append(field).append("\":").append(value);
      }
    }
    assertThat(HostConfigReview.review(Body.of(Json.MAPPER.readTree(host + "}}")))).isEmpty();
    for (String field : REFUSED.keySet()) {
      for (String empty : List.of("0", "\"\"", "[]", "false")) {
        assertThat(HostConfigReview.review(Body.of(body(field, empty)))).isEmpty();
      }
    }
  }

  @Test
  void noFieldIsForgotten() {
    Set<String> seen = new TreeSet<>(HONOURED.keySet());
    seen.addAll(WARNED.keySet());
    seen.addAll(REFUSED.keySet());
    seen.addAll(ELSEWHERE);
    seen.remove("FieldOfTheFuture");
    assertThat(seen).isEqualTo(new TreeSet<>(HostConfigReview.KNOWN));
  }
}
