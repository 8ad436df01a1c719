/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** notes/security.md 34: ways to the host only where the engine was started so. */
class HostAccessTest {
  private static final List<String> ASKED =
      List.of(
          "\"Privileged\":true",
          "\"CapAdd\":[\"SYS_ADMIN\"]",
          "\"SecurityOpt\":[\"seccomp=unconfined\"]",
          "\"NetworkMode\":\"host\"",
          "\"PidMode\":\"host\"",
          "\"IpcMode\":\"host\"",
          "\"UTSMode\":\"host\"",
          "\"UsernsMode\":\"host\"",
          "\"CgroupnsMode\":\"host\"",
          "\"Binds\":[\"/:/host\"]",
          "\"Binds\":[\"/run/docker.sock:/run/docker.sock\"]",
          "\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/etc\",\"Target\":\"/e\"}]",
          "\"Mounts\":[{\"Type\":\"volume\",\"Target\":\"/v\",\"VolumeOptions\":{\"DriverConfig\":{\"Name\":\"local\",\"Options\":{\"device\":\"/etc\",\"o\":\"bind\",\"type\":\"none\"}}}}]",
          "\"Devices\":[{\"PathOnHost\":\"/dev/mem\",\"PathInContainer\":\"/dev/mem\",\"CgroupPermissions\":\"rwm\"}]",
          "\"DeviceCgroupRules\":[\"c 1:* rwm\"]");

  private static String create(EngineFixture api, String host) throws IOException {
    return api.request(
        "POST", "/containers/create", "{\"Image\":\"none\",\"HostConfig\":{" + host + "}}");
  }

  @Test
  void refusedKindsAreToldAndNothingElse(@TempDir Path folder) throws IOException {
    String all = "privileged,host-namespaces,host-paths,devices";
    try (EngineFixture api = new EngineFixture(folder, HostAccess.refusing(all))) {
      for (String host : ASKED) {
        assertThat(create(api, host))
            .as(host)
            .startsWith("HTTP/1.1 403")
            .contains("--docker-refuse");
      }
      assertThat(
              create(
                  api,
                  "\"Binds\":[\"named:/data\"],\"NetworkMode\":\"none\",\"CapDrop\":[\"ALL\"]"))
          .as("an ordinary container is not what this is about")
          .doesNotContain("--docker-refuse");
      assertThat(
              api.request(
                  "POST", "/containers/none/exec", "{\"Cmd\":[\"true\"],\"Privileged\":true}"))
          .startsWith("HTTP/1.1 403");
      assertThat(
              api.request(
                  "POST",
                  "/volumes/create",
                  "{\"DriverOpts\":{\"type\":\"none\",\"o\":\"bind\",\"device\":\"/\"}}"))
          .startsWith("HTTP/1.1 403");
      assertThat(api.request("POST", "/build?networkmode=host", "")).startsWith("HTTP/1.1 403");
    }
  }

  @Test
  void withoutAPolicyTheSocketIsRootAsDockerds(@TempDir Path folder) throws IOException {
    try (EngineFixture api = new EngineFixture(folder)) {
      for (String host : ASKED) {
        assertThat(create(api, host)).as(host).doesNotStartWith("HTTP/1.1 403");
      }
    }
  }

  @Test
  void anUnknownKindIsNamed() {
    assertThatThrownBy(() -> HostAccess.refusing("privileged,everything"))
        .hasMessageContaining("'everything'")
        .hasMessageContaining("host-paths");
  }
}
