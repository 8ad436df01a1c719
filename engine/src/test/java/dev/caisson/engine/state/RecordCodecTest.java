/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.state;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.engine.spec.MountSpec;
import dev.caisson.engine.spec.NetworkingSpec;
import dev.caisson.engine.spec.PortBinding;
import dev.caisson.engine.spec.PortSpec;
import dev.caisson.engine.spec.ProcessSpec;
import dev.caisson.engine.spec.RestartPolicy;
import dev.caisson.engine.spec.StorageSpec;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class RecordCodecTest {
  @Test
  void aWholeSpecificationComesBackEqual() {
    var spec =
        InstanceSpec.of("busybox")
            .name("web")
            .process(ProcessSpec.ofImage().withCommand(List.of("sh", "-c", "echo \"a\nb\"")))
            .networking(
                NetworkingSpec.standard()
                    .withPublished(List.of(new PortBinding(PortSpec.parse("80"), "", 8080))))
            .storage(
                StorageSpec.of(
                    List.of(
                        MountSpec.Bind.of("/src", "/dst", true),
                        MountSpec.Volume.of("data", "/data", false),
                        new MountSpec.Tmpfs(
                            "/tmp", false, OptionalLong.of(1 << 20), OptionalInt.of(0777), ""))))
            .labels(Map.of("k", "v", "empty", ""))
            .restartPolicy(RestartPolicy.parse("on-failure:3"))
            .stopTimeout(Optional.of(Duration.ofMillis(1500)))
            .init(Optional.of(false))
            .build();
    assertThat(RecordCodec.decode(RecordCodec.encode(spec), InstanceSpec.class)).isEqualTo(spec);
  }

  @Test
  void anEmptyListInAnOptionalIsNotAnEmptyOptional() {
    var without = ProcessSpec.ofImage();
    var none = without.withCommand(List.of());
    assertThat(RecordCodec.decode(RecordCodec.encode(none), ProcessSpec.class)).isEqualTo(none);
    assertThat(RecordCodec.decode(RecordCodec.encode(without), ProcessSpec.class))
        .isEqualTo(without);
  }

  @Test
  void whatAnOlderVersionDidNotStoreIsEmpty() {
    var read = RecordCodec.decode("{\"new\":[1]}".getBytes(UTF_8), ProcessSpec.class);
    assertThat(read.command()).isEmpty();
    assertThat(read.environment()).isEmpty();
  }

  @Test
  void whatIsNoRecordIsRefused() {
    for (var bad : List.of("", "[]", "{", "{\"environment\":1} x", "[".repeat(200))) {
      assertThatThrownBy(() -> RecordCodec.decode(bad.getBytes(UTF_8), ProcessSpec.class))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
