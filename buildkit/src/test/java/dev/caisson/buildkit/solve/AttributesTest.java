/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.solve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.build.BuildClient;
import dev.caisson.build.BuildException;
import dev.caisson.buildkit.wire.ProtoWriter;
import dev.caisson.engine.spec.RegistryAuth;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What clients tell the Dockerfile front end. */
class AttributesTest {
  @Test
  void attributesBecomeARequest() {
    var request =
        new Attributes(
                Map.of(
                    "filename", "Other",
                    "build-arg:A", "1",
                    "build-arg:BUILDKIT_INLINE_CACHE", "1",
                    "label:k", "v",
                    "target", "web",
                    "no-cache", "",
                    "image-resolve-mode", "pull",
                    "add-hosts", "db=10.0.0.1,x=fd00::1",
                    "force-network-mode", "none"))
            .request(
                "FROM scratch",
                BuildClient.lending(Map.of()),
                Map.of(),
                _ -> RegistryAuth.anonymous());
    assertThat(request.dockerfile()).isEqualTo("Other");
    assertThat(request.arguments()).isEqualTo(Map.of("A", "1"));
    assertThat(request.labels()).isEqualTo(Map.of("k", "v"));
    assertThat(request.target()).hasValue("web");
    assertThat(request.noCache() && request.pull()).isTrue();
    assertThat(request.extraHosts()).isEqualTo(List.of("db:10.0.0.1", "x:fd00::1"));
    assertThat(request.networkMode()).isEqualTo("none");
  }

  @Test
  void theOfficialFrontEndIsOursAndOthersAreRefused() {
    for (String line :
        List.of(
            "# syntax=docker/dockerfile:1",
            "#syntax = docker.io/docker/dockerfile:1.7-labs",
            "# escape=\\\n# Syntax=docker/dockerfile@sha256:00",
            "FROM a\n# syntax=foo/bar",
            "FROM a")) {
      assertThatCode(() -> Attributes.checkSyntaxOf(line)).as(line).doesNotThrowAnyException();
    }
    for (String line :
        List.of(
            "# syntax=foo/bar:1",
            "# check=skip=all\n# syntax=tonis/dockerfile",
            "#syntax=a:5000/docker/dockerfile")) {
      assertThatThrownBy(() -> Attributes.checkSyntaxOf(line))
          .as(line)
          .isInstanceOf(BuildException.class)
          .hasMessageContaining("front end of its own");
    }
  }

  @Test
  void whatOnlyBuildKitCanDoIsRefusedInWords() {
    assertThatThrownBy(() ->
            new Attributes(Map.of("platform", "linux/amd64,linux/arm64")).check("dockerfile.v0"))
        .hasMessageContaining("one platform at a time");
    assertThatThrownBy(
            () -> new Attributes(Map.of("requestid", "frontend.lint")).check("dockerfile.v0"))
        .hasMessageContaining("unsupported request frontend.lint");
    assertThatThrownBy(() -> new Attributes(Map.of()).check("other.v0"))
        .hasMessageContaining("other.v0");
    byte[] graph = new ProtoWriter().text(1, "ref").bytes(2, new byte[] {10, 0}).toBytes();
    assertThatThrownBy(() -> SolveRequest.ofControl(graph)).hasMessageContaining("graph");
  }

  @Test
  void exportersOfOldAndNewClientsAreRead() {
    byte[] old =
        new ProtoWriter().text(1, "r").text(3, "moby").map(4, Map.of("name", "a")).toBytes();
    byte[] both =
        new ProtoWriter()
            .text(1, "r")
            .text(3, "moby")
            .message(13, new ProtoWriter().text(1, "local"))
            .message(13, new ProtoWriter().text(1, "moby").map(2, Map.of("name", "b")))
            .toBytes();
    assertThat(SolveRequest.ofControl(old).exports())
        .containsExactly(new SolveRequest.Export("moby", Map.of("name", "a")));
    assertThat(SolveRequest.ofControl(both).exports())
        .extracting(SolveRequest.Export::type)
        .containsExactly("local", "moby");
  }
}
