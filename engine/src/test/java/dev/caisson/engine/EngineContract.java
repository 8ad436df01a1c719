/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.engine.spec.HealthcheckSpec;
import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.engine.spec.MountSpec;
import dev.caisson.engine.spec.NetworkingSpec;
import dev.caisson.engine.spec.ResourceSpec;
import dev.caisson.engine.spec.RestartPolicy;
import dev.caisson.engine.spec.StorageSpec;
import dev.caisson.engine.spec.VolumeSpec;
import dev.caisson.engine.view.Event;
import dev.caisson.engine.view.Status;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What whoever holds an {@link Engine} may rely on, wherever the engine is. Its isolation, images
 * and networks are this test's own, so that no root is needed.
 */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
abstract class EngineContract {
  @TempDir Path directory;
  private final FakeIsolation host = new FakeIsolation();
  private Engine local;
  private Engine engine;

  /** The engine as its caller has it; {@code opened} is the one in this process. */
  abstract Engine reached(Engine opened, EngineOptions options);

  /** Undoes {@link #reached}. */
  abstract void left(Engine caller);

  @BeforeEach
  void open() {
    local = opened();
    engine = reached(local, options());
  }

  private EngineOptions options() {
    return EngineOptions.at(directory.resolve("root"), directory.resolve("run"));
  }

  private Engine opened() {
    return TestEngine.open(directory, host, Clock.systemUTC());
  }

  @AfterEach
  void close() {
    left(engine);
    local.close();
  }

  private void reopen() {
    close();
    open();
  }

  private InstanceSpec.Builder spec(String... command) {
    return InstanceSpec.of("busybox").networking(NetworkingSpec.of("none")).command(command);
  }

  private String started(InstanceSpec.Builder spec) {
    var id = engine.containers().create(spec.build()).id();
    engine.containers().start(id);
    return id;
  }

  private Status status(String reference) {
    return engine.containers().inspect(reference, false).state().status();
  }

  private int exitCode(String reference) {
    return engine.containers().exit(reference, WaitCondition.NOT_RUNNING).join().code();
  }

  private static EngineException.Kind kindOf(Throwable thrown) {
    return ((EngineException) thrown).kind();
  }

  @Test
  void aCommandRunsToItsExitCode() {
    var id = started(spec("exit", "3").name("three"));
    assertThat(exitCode(id)).isEqualTo(3);
    assertThat(status("three")).isEqualTo(Status.EXITED);
    assertThat(engine.containers().list(false, 0, false, Filters.none())).isEmpty();
    assertThat(engine.containers().list(true, 0, false, Filters.none()).getFirst().status())
        .startsWith("Exited (3)");
  }

  @Test
  void aContainerIsFoundByNameIdAndPrefix() {
    var id = engine.containers().create(spec("true").name("web").build()).id();
    assertThat(engine.containers().inspect("web", false).id()).isEqualTo(id);
    assertThat(engine.containers().inspect("/web", false).id()).isEqualTo(id);
    assertThat(engine.containers().inspect(id.substring(0, 5), false).id()).isEqualTo(id);
    assertThatThrownBy(() -> engine.containers().inspect("nobody", false))
        .hasMessage("No such container: nobody")
        .satisfies(thrown -> assertThat(kindOf(thrown)).isEqualTo(EngineException.Kind.NOT_FOUND));
  }

  @Test
  void aNameInUseIsRefusedAndFreeAgainAfterRemoval() {
    engine.containers().create(spec("true").name("web").build());
    assertThatThrownBy(() -> engine.containers().create(spec("true").name("web").build()))
        .satisfies(thrown -> assertThat(kindOf(thrown)).isEqualTo(EngineException.Kind.CONFLICT));
    engine.containers().remove("web", false, false);
    engine.containers().create(spec("true").name("web").build());
  }

  @Test
  void aRefusedCreateLeavesItsNameFree() {
    assertThatThrownBy(
            () -> engine.containers().create(InstanceSpec.of("nothing").name("web").build()))
        .hasMessageContaining("No such image");
    engine.containers().create(spec("true").name("web").build());
  }

  @Test
  void aMissingCommandExitsWith127AndSaysSo() {
    var id = engine.containers().create(spec("missing").build()).id();
    assertThatThrownBy(() -> engine.containers().start(id))
        .satisfies(
            thrown -> assertThat(kindOf(thrown)).isEqualTo(EngineException.Kind.COMMAND_NOT_FOUND));
    var state = engine.containers().inspect(id, false).state();
    assertThat(state.exitCode()).isEqualTo(127);
    assertThat(state.error()).contains("no such file");
    assertThat(state.status()).isEqualTo(Status.CREATED);
  }

  @Test
  void stopKillsWhatIgnoresTheSignal() {
    var id = started(spec("stubborn"));
    engine.containers().stop(id, Optional.empty(), Optional.of(Duration.ofMillis(50)));
    assertThat(exitCode(id)).isEqualTo(137);
    assertThatThrownBy(() -> engine.containers().stop(id, Optional.empty(), Optional.empty()))
        .satisfies(
            thrown -> assertThat(kindOf(thrown)).isEqualTo(EngineException.Kind.NOT_MODIFIED));
  }

  @Test
  void aRunningContainerIsRemovedOnlyByForce() {
    var id = started(spec("sleep"));
    assertThatThrownBy(() -> engine.containers().remove(id, false, false))
        .satisfies(thrown -> assertThat(kindOf(thrown)).isEqualTo(EngineException.Kind.CONFLICT));
    var removed = engine.containers().exit(id, WaitCondition.REMOVED);
    engine.containers().remove(id, true, false);
    assertThat(removed.join().code()).isEqualTo(137);
    assertThat(host.byId).isEmpty();
    assertThat(directory.resolve("root/containers")).isEmptyDirectory();
  }

  @Test
  void autoRemoveLeavesNothing() {
    var id = engine.containers().create(spec("true").autoRemove(true).build()).id();
    var removed = engine.containers().exit(id, WaitCondition.REMOVED);
    engine.containers().start(id);
    assertThat(removed.join().code()).isZero();
    assertThat(engine.containers().list(true, 0, false, Filters.none())).isEmpty();
  }

  @Test
  void pauseHoldsAndKillStillReaches() {
    var id = started(spec("sleep"));
    engine.containers().pause(id);
    assertThat(status(id)).isEqualTo(Status.PAUSED);
    assertThatThrownBy(() -> engine.containers().pause(id)).hasMessageContaining("already paused");
    engine.containers().kill(id, "KILL");
    assertThat(exitCode(id)).isEqualTo(137);
  }

  @Test
  void onFailureRestartsAsOftenAsAllowed() {
    var id = started(spec("exit", "1").restartPolicy(RestartPolicy.parse("on-failure:2")));
    assertThat(exitCode(id)).isEqualTo(1);
    assertThat(engine.containers().inspect(id, false).restartCount()).isEqualTo(2);
    assertThat(status(id)).isEqualTo(Status.EXITED);
  }

  @Test
  void aRestartThatFailsIsTriedAgainAndItsStateTellsWhy() throws Exception {
    var id = started(spec("sleep").restartPolicy(RestartPolicy.parse("always")));
    host.refusal = "port 80 is taken";
    host.byId.get(id).end(1);
    while (engine.containers().inspect(id, false).restartCount() < 3) {
      Thread.sleep(5);
    }
    var waiting = engine.containers().inspect(id, false).state();
    assertThat(waiting.status()).isEqualTo(Status.RESTARTING);
    assertThat(waiting.error()).contains("port 80 is taken");
    host.refusal = "";
    while (status(id) != Status.RUNNING) {
      Thread.sleep(5);
    }
    assertThat(engine.containers().inspect(id, false).state().error()).isEmpty();
  }

  @Test
  void restartsThatFailEndWithThePolicyOrByHand() {
    var id = started(spec("sleep").restartPolicy(RestartPolicy.parse("on-failure:2")));
    var exit = engine.containers().exit(id, WaitCondition.NOT_RUNNING);
    host.refusal = "port 80 is taken";
    host.byId.get(id).end(1);
    assertThat(exit.join().code()).isEqualTo(128);
    assertThat(status(id)).isEqualTo(Status.EXITED);
    assertThat(engine.containers().inspect(id, false).state().error()).contains("port 80");
    host.refusal = "";
    var kept = started(spec("sleep").name("kept").restartPolicy(RestartPolicy.parse("always")));
    host.refusal = "port 80 is taken";
    host.byId.get(kept).end(1);
    engine.containers().stop(kept, Optional.empty(), Optional.empty());
    assertThat(status(kept)).isEqualTo(Status.EXITED);
  }

  @Test
  void stoppingByHandEndsTheRestarts() {
    var id = started(spec("sleep").restartPolicy(RestartPolicy.parse("always")));
    engine.containers().stop(id, Optional.empty(), Optional.empty());
    assertThat(status(id)).isEqualTo(Status.EXITED);
  }

  @Test
  void whatRunsIsTakenOverByTheNextEngine() {
    var id = started(spec("sleep").name("web"));
    reopen();
    assertThat(status("web")).isEqualTo(Status.RUNNING);
    var exit = engine.containers().exit(id, WaitCondition.NOT_RUNNING);
    host.byId.get(id).end(7);
    assertThat(exit.join().code()).isEqualTo(7);
  }

  @Test
  void anExitWhileNoEngineRanIsBooked() {
    var id = started(spec("sleep"));
    close();
    host.byId.get(id).end(5);
    open();
    assertThat(status(id)).isEqualTo(Status.EXITED);
    assertThat(exitCode(id)).isEqualTo(5);
  }

  @Test
  void anAutoRemovedContainerThatEndedMeanwhileIsGone() {
    var id = started(spec("sleep").autoRemove(true));
    close();
    host.byId.get(id).end(5);
    open();
    assertThat(engine.containers().list(true, 0, false, Filters.none())).isEmpty();
  }

  @Test
  void aPolicyOfAlwaysStartsAgainWithTheEngine() throws Exception {
    var id = started(spec("sleep").restartPolicy(RestartPolicy.parse("always")));
    close();
    host.byId.get(id).end(0);
    open();
    while (status(id) != Status.RUNNING) {
      Thread.sleep(5);
    }
  }

  @Test
  void aSecondEngineOnTheSameStateIsRefused() {
    assertThatThrownBy(this::opened).hasMessageContaining("another engine uses");
  }

  @Test
  void renameAndUpdateSurviveTheEngine() {
    var id = engine.containers().create(spec("sleep").name("old").build()).id();
    engine.containers().rename("old", "new");
    engine
        .containers()
        .update(
            "new",
            ResourceSpec.builder().memory(64 << 20).build(),
            Optional.of(RestartPolicy.parse("always")));
    reopen();
    var info = engine.containers().inspect("new", false);
    assertThat(info.id()).isEqualTo(id);
    assertThat(info.spec().resources().memory()).hasValue(64 << 20);
    assertThat(info.spec().restartPolicy().name()).isEqualTo(RestartPolicy.Name.ALWAYS);
    assertThatThrownBy(() -> engine.containers().inspect("old", false))
        .isInstanceOf(EngineException.class);
  }

  /** A health check that is unhealthy after so many failures in a row. */
  static HealthcheckSpec checkEveryTenMilliseconds(int retries) {
    return new HealthcheckSpec(
        List.of("CMD", "check"),
        Optional.of(Duration.ofMillis(10)),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        OptionalInt.of(retries));
  }

  @Test
  void healthTurnsHealthyAndUnhealthy() throws Exception {
    var check = checkEveryTenMilliseconds(2);
    try (var events =
        engine
            .events()
            .subscribe(
                Optional.empty(),
                Optional.empty(),
                Filters.none().with("event", "health_status"))) {
      var id = started(spec("sleep").healthcheck(Optional.of(check)));
      assertThat(events.next().orElseThrow().action()).isEqualTo("health_status: healthy");
      host.healthCode = 1;
      assertThat(events.next().orElseThrow().action()).isEqualTo("health_status: unhealthy");
      assertThat(engine.containers().list(false, 0, false, Filters.none()).getFirst().status())
          .endsWith("(unhealthy)");
      engine.containers().remove(id, true, false);
    }
  }

  @Test
  void eventsTellALifeInOrder() {
    started(spec("true").name("web"));
    exitCode("web");
    engine.containers().remove("web", false, false);
    var feed =
        engine
            .events()
            .subscribe(
                Optional.of(Instant.EPOCH),
                Optional.of(Instant.now().plusMillis(1)),
                Filters.none().with("type", "container"));
    var actions = new java.util.ArrayList<String>();
    feed.forEach(event -> actions.add(event.action()));
    assertThat(actions).containsExactly("create", "start", "die", "destroy");
  }

  @Test
  void aWaitEndsWithWhatItWaitsFor() {
    var id = engine.containers().create(spec("sleep").name("web").build()).id();
    var next = engine.containers().exit(id, WaitCondition.NEXT_EXIT);
    var removed = engine.containers().exit(id, WaitCondition.REMOVED);
    engine.containers().start(id);
    assertThat(next).isNotDone();
    engine.containers().kill("web", "KILL");
    assertThat(next.join().code()).isEqualTo(137);
    assertThat(removed).isNotDone();
    engine.containers().remove("web", false, false);
    assertThat(removed.join().code()).isEqualTo(137);
  }

  @Test
  void aFeedEndsWhenItIsClosedFromAnotherThread() throws Exception {
    var feed = engine.events().subscribe(Optional.empty(), Optional.empty(), Filters.none());
    CompletableFuture<Optional<Event>> waiting;
    try (feed) {
      var reader = CompletableFuture.supplyAsync(feed::next);
      engine.volumes().create(VolumeSpec.of("first"));
      assertThat(reader.get(10, TimeUnit.SECONDS).orElseThrow().action()).isEqualTo("create");
      waiting = CompletableFuture.supplyAsync(feed::next);
    }
    assertThat(waiting.get(10, TimeUnit.SECONDS)).isEmpty();
    assertThat(feed.next()).isEmpty();
  }

  @Test
  void whatWasCreatedIsDescribedInFull() {
    var spec =
        spec("sleep", "", "two words", "ünïcode\n")
            .name("web")
            .labels(java.util.Map.of("empty", "", "k", "v"))
            .restartPolicy(RestartPolicy.parse("on-failure:3"))
            .resources(ResourceSpec.builder().memory(64L << 20).build())
            .build();
    var id = engine.containers().create(spec).id();
    var seen = engine.containers().inspect(id, false);
    assertThat(seen.spec().process().command()).isEqualTo(spec.process().command());
    assertThat(seen.spec().labels()).isEqualTo(spec.labels());
    assertThat(seen.spec().restartPolicy()).isEqualTo(spec.restartPolicy());
    assertThat(seen.spec().resources()).isEqualTo(spec.resources());
    assertThat(seen).isEqualTo(local.containers().inspect(id, false));
    assertThat(engine.host().version()).isEqualTo(local.host().version());
    assertThat(engine.volumes().list(Filters.none())).isEqualTo(List.of());
  }

  @Test
  void anonymousVolumesGoWithTheContainerNamedOnesStay() {
    var storage =
        StorageSpec.of(
            List.of(
                MountSpec.Volume.of("", "/scratch", false),
                MountSpec.Volume.of("kept", "/data", false)));
    started(spec("true").name("web").storage(storage));
    exitCode("web");
    assertThat(engine.volumes().list(Filters.none())).hasSize(2);
    assertThatThrownBy(() -> engine.volumes().remove("kept", false)).hasMessageContaining("in use");
    engine.containers().remove("web", false, true);
    assertThat(engine.volumes().list(Filters.none()))
        .singleElement()
        .satisfies(volume -> assertThat(volume.name()).isEqualTo("kept"));
    assertThat(Files.exists(directory.resolve("root/volumes/kept/_data"))).isTrue();
  }

  @Test
  void filtersChooseContainers() {
    started(spec("sleep").name("aa").labels(java.util.Map.of("tier", "front")));
    engine.containers().create(spec("sleep").name("bb").build());
    assertThat(names(Filters.none().with("label", "tier=front"))).containsExactly("aa");
    assertThat(names(Filters.none().with("status", "created"))).containsExactly("bb");
    assertThat(names(Filters.none().with("name", "^/bb$"))).containsExactly("bb");
    assertThat(names(Filters.none().with("ancestor", "busybox"))).containsExactly("bb", "aa");
    assertThatThrownBy(() -> names(Filters.none().with("colour", "red")))
        .hasMessageContaining("invalid filter 'colour'");
  }

  private List<String> names(Filters filters) {
    return engine.containers().list(true, 0, false, filters).stream()
        .map(summary -> summary.name())
        .toList();
  }

  @Test
  void imageLabelsAndBadRequestsGiveNoOrders() {
    assertThatThrownBy(() -> engine.containers().create(spec("true").name("../evil").build()))
        .satisfies(thrown -> assertThat(kindOf(thrown)).isEqualTo(EngineException.Kind.INVALID));
    assertThatThrownBy(() -> engine.containers().create(spec("true").isolation("dream").build()))
        .hasMessageContaining("unknown isolation");
    assertThat(engine.containers().list(true, 0, false, Filters.none())).isEmpty();
  }
}
