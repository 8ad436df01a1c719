/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.cli.option.DurationWords;
import dev.caisson.cli.option.MountWords;
import dev.caisson.cli.option.PortWords;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.spec.MountSpec;
import dev.caisson.engine.spec.PortBinding;
import dev.caisson.engine.spec.PortSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class CommandWordsTest {
  @Test
  void everyCommandCanBeBuiltAndExplainsItself() {
    var table = new CommandTable();
    assertThat(table.paths()).hasSizeGreaterThan(80);
    for (var path : table.paths()) {
      var line = table.take(path);
      assertThat(line.getUsageMessage()).as(path).contains("caisson " + path);
    }
  }

  @Test
  void portsAreReadAsDockerReadsThem() {
    assertThat(PortWords.bindings("80"))
        .containsExactly(new PortBinding(PortSpec.parse("80"), "", 0));
    assertThat(PortWords.bindings("127.0.0.1:8080:80/udp"))
        .containsExactly(new PortBinding(PortSpec.parse("80/udp"), "127.0.0.1", 8080));
    assertThat(PortWords.bindings("[::1]:53:53").getFirst().hostAddress()).isEqualTo("::1");
    assertThat(PortWords.bindings("8000-8001:80-81")).hasSize(2);
    for (var bad : List.of("0", "70000:80", "a:80", "80:b", "81-80", "1-3:1-2")) {
      assertThatThrownBy(() -> PortWords.bindings(bad)).isInstanceOf(EngineException.class);
    }
  }

  @Test
  void mountsAreReadAsDockerReadsThem() {
    var here = Path.of("/here");
    assertThat(MountWords.volume("data:/d:ro", here))
        .isEqualTo(MountSpec.Volume.of("data", "/d", true));
    assertThat(MountWords.volume("./x:/d", here))
        .isEqualTo(MountSpec.Bind.of("/here/x", "/d", false));
    assertThat(MountWords.mount("type=bind,src=/a,dst=/b,readonly", here).readOnly()).isTrue();
    for (var bad : List.of(":/d", "a:b:c:d", "a:/d:frobnicated")) {
      assertThatThrownBy(() -> MountWords.volume(bad, here)).isInstanceOf(EngineException.class);
    }
    assertThatThrownBy(() -> MountWords.mount("type=nfs,target=/d", here))
        .isInstanceOf(EngineException.class);
  }

  @Test
  void durationsAreReadAsGoWritesThem() {
    assertThat(DurationWords.parse("1m30s")).isEqualTo(Duration.ofSeconds(90));
    assertThat(DurationWords.parse("1.5s")).isEqualTo(Duration.ofMillis(1500));
    assertThatThrownBy(() -> DurationWords.parse("soon")).isInstanceOf(EngineException.class);
  }
}
