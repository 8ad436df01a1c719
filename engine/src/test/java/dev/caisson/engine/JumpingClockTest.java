/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.engine.spec.NetworkingSpec;
import dev.caisson.engine.spec.RestartPolicy;
import dev.caisson.engine.view.Status;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The host's clock set a day forth or back under a working engine (security notes 38). */
@Timeout(value = 30, unit = TimeUnit.SECONDS)
class JumpingClockTest {
  @TempDir Path directory;
  private final FakeIsolation host = new FakeIsolation();
  private final Settable clock = new Settable();
  private Engine engine;

  private static final class Settable extends Clock {
    private volatile Duration offset = Duration.ZERO;

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }

    @Override
    public Instant instant() {
      return Instant.now().plus(offset);
    }
  }

  @BeforeEach
  void open() {
    engine = TestEngine.open(directory, host, clock);
  }

  @AfterEach
  void close() {
    engine.close();
  }

  private String started(InstanceSpec.Builder spec) {
    var id = engine.containers().create(spec.networking(NetworkingSpec.of("none")).build()).id();
    engine.containers().start(id);
    return id;
  }

  private Status status(String id) {
    return engine.containers().inspect(id, false).state().status();
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 1})
  void aDayMoreOrLessHurtsNothing(int days) throws Exception {
    var check = EngineContract.checkEveryTenMilliseconds(1);
    var checked =
        started(InstanceSpec.of("busybox").command("sleep").healthcheck(Optional.of(check)));
    var restarted =
        started(
            InstanceSpec.of("busybox")
                .command("sleep")
                .restartPolicy(RestartPolicy.parse("always")));
    clock.offset = Duration.ofDays(days);
    assertThat(engine.containers().list(true, 0, true, Filters.none())).hasSize(2);
    host.byId.get(restarted).end(1);
    awaitRestart(restarted);
    try (var events =
        engine
            .events()
            .subscribe(
                Optional.empty(),
                Optional.empty(),
                Filters.none().with("event", "health_status"))) {
      host.healthCode = 1;
      while (!events.next().orElseThrow().action().endsWith("unhealthy")) {
        // the first may still tell of its health
      }
    }
    engine.close();
    open();
    assertThat(status(checked)).isEqualTo(Status.RUNNING);
    assertThat(status(restarted)).isEqualTo(Status.RUNNING);
    engine.containers().stop(restarted, Optional.empty(), Optional.of(Duration.ofSeconds(1)));
    engine.containers().remove(checked, true, true);
    var pruned = engine.containers().prune(Filters.none().with("until", "1h"));
    assertThat(pruned.removed()).hasSize(days > 0 ? 1 : 0);
  }

  private void awaitRestart(String id) throws InterruptedException {
    while (engine.containers().inspect(id, false).restartCount() == 0
        || status(id) != Status.RUNNING) {
      Thread.sleep(5);
    }
  }
}
