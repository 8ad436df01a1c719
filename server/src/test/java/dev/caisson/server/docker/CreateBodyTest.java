/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.engine.spec.MountSpec;
import dev.caisson.engine.spec.PortBinding;
import dev.caisson.engine.spec.PortSpec;
import dev.caisson.server.http.Json;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

class CreateBodyTest {
  private static InstanceSpec read(String json) {
    return CreateBody.read(Json.MAPPER.readTree(json), Optional.empty(), Optional.empty());
  }

  @Test
  void dockerRunBecomesASpecification() {
    InstanceSpec spec =
        read(
            """
            {"Image":"busybox","Cmd":["sh"],"Env":["A=b"],"Tty":true,"OpenStdin":true,"ExposedPorts":{"80/tcp":{}},
             "Healthcheck":{"Test":["CMD","x"],"Interval":5000000000},"StopTimeout":3,
             "HostConfig":{"Binds":["/a:/b:ro","v:/c"],"Tmpfs":{"/t":"size=64m,mode=755,ro,noexec"},"Memory":1048576,
              "PortBindings":{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8080"}],"53/udp":[{"HostPort":""}]},
              "RestartPolicy":{"Name":"on-failure","MaximumRetryCount":2},"NetworkMode":"none","CapAdd":["NET_ADMIN"],
              "Isolation":"thin","ConsoleSize":[24,80],"Mounts":[{"Type":"bind","Source":"/x","Target":"/y","ReadOnly":true}]}}
            """);
    assertThat(spec.isolation()).contains("thin");
    assertThat(spec.process().consoleSize()).isPresent();
    assertThat(spec.healthcheck().orElseThrow().interval().orElseThrow()).hasSeconds(5);
    assertThat(spec.resources().memory()).hasValue(1 << 20);
    assertThat(spec.networking().published())
        .contains(
            new PortBinding(PortSpec.parse("80"), "127.0.0.1", 8080),
            new PortBinding(PortSpec.parse("53/udp"), "", 0));
    assertThat(spec.storage().mounts())
        .contains(MountSpec.Bind.of("/a", "/b", true), MountSpec.Volume.of("v", "/c", false))
        .anySatisfy(mount -> {
          assertThat(mount).isInstanceOf(MountSpec.Tmpfs.class);
          MountSpec.Tmpfs tmpfs = (MountSpec.Tmpfs) mount;
          assertThat(tmpfs.size()).hasValue(64 << 20);
          assertThat(tmpfs.mode()).hasValue(0755);
          assertThat(tmpfs.options()).isEqualTo("noexec");
        });
  }

  @Test
  void theIsolationLabelOfTheRequestCounts() {
    assertThat(read("{\"Image\":\"a\",\"Labels\":{\"dev.caisson.isolation\":\"vm\"}}").isolation())
        .contains("vm");
    assertThat(read("{\"Image\":\"a\",\"HostConfig\":{\"Isolation\":\"default\"}}").isolation())
        .isEmpty();
  }

  @Test
  void whatIsAskedForReadsBackUnderTheSameNames() {
    String host =
        "{\"Binds\":[\"/a:/b:ro\",\"v:/c\"],\"Memory\":4096,\"NanoCpus\":500000000,\"CapDrop\":[\"ALL\"],\"ReadonlyRootfs\":true,"
            + "\"PortBindings\":{\"80/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"8080\"}]},\"Sysctls\":{\"net.core.somaxconn\":\"9\"}}";
    ObjectNode read =
        HostConfigJson.of(read("{\"Image\":\"a\",\"HostConfig\":" + host + "}"), "container");
    for (var member : Json.MAPPER.readTree(host).properties()) {
      assertThat(String.valueOf(read.get(member.getKey())))
          .as(member.getKey())
          .isEqualTo(member.getValue().toString());
    }
  }

  @Test
  void mistakesAreNamed() {
    assertThatThrownBy(() -> read("{\"Image\":\"a\",\"HostConfig\":{\"Binds\":[\"x\"]}}"))
        .hasMessageContaining("invalid bind 'x'");
    assertThatThrownBy(() -> read("{\"Image\":\"a\",\"HostConfig\":{\"Binds\":[\"/x:/y:wrong\"]}}"))
        .hasMessageContaining("wrong");
    assertThatThrownBy(() ->
            read(
                "{\"Image\":\"a\",\"HostConfig\":{\"PortBindings\":{\"80\":[{\"HostPort\":\"9-1\"}]}}}"))
        .hasMessageContaining("9-1");
    assertThatThrownBy(() ->
            read(
                "{\"Image\":\"a\",\"HostConfig\":{\"RestartPolicy\":{\"Name\":\"always\",\"MaximumRetryCount\":1}}}"))
        .hasMessageContaining("on-failure");
    assertThatThrownBy(() ->
            read(
                "{\"Image\":\"a\",\"HostConfig\":{\"Mounts\":[{\"Type\":\"npipe\",\"Target\":\"/a\"}]}}"))
        .hasMessageContaining("npipe");
  }

  @Test
  void anyObjectEndsInASpecificationOrARefusal() {
    String[] names = {
      "Image",
      "Cmd",
      "Env",
      "HostConfig",
      "Binds",
      "Memory",
      "Mounts",
      "PortBindings",
      "Healthcheck",
      "Volumes",
      "Labels"
    };
    String[] values = {
      "1",
      "\"a\"",
      "[]",
      "{}",
      "null",
      "true",
      "[\"a\"]",
      "{\"a\":{}}",
      "[{}]",
      "-1",
      "1e400",
      "[[1]]"
    };
    Random random = new Random(7);
    for (int round = 0; round < 20_000; round++) {
      StringBuilder body = new StringBuilder("{\"Image\":\"x\"");
      for (int i = random.nextInt(4); i >= 0; i--) {
        body.append(",\"")
            .append(names[1 + random.nextInt(names.length - 1)])
            .append("\":")
            .append(values[random.nextInt(values.length)]);
      }
      body.append('}');
      try {
        read(body.toString());
      } catch (dev.caisson.server.http.HttpException | dev.caisson.engine.EngineException refused) {
        assertThat(refused.getMessage()).isNotBlank();
      }
    }
  }
}
