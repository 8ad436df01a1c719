/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.engine.network.ClosedFabric;
import dev.caisson.engine.spec.CloneSpec;
import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.engine.spec.MountSpec;
import dev.caisson.engine.spec.NetworkingSpec;
import dev.caisson.engine.spec.StorageSpec;
import dev.caisson.engine.view.SnapshotInfo;
import dev.caisson.engine.view.Status;
import dev.caisson.network.Obstacle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the engine promises of snapshots, whatever keeps them. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class SnapshotsTest {
  @TempDir Path directory;
  private final FakeIsolation host = new FakeIsolation();
  private Engine engine;

  @BeforeEach
  void open() {
    engine =
        new EngineOpener(
                EngineOptions.at(directory.resolve("root"), directory.resolve("run")),
                List.of(host),
                Clock.systemUTC(),
                (options, store, events, users) -> new FakeImages(),
                (options, store, events, finder) ->
                    new ClosedFabric(new Obstacle("this is a test", "")))
            .open();
  }

  @AfterEach
  void close() {
    engine.close();
  }

  private String web() {
    var spec =
        InstanceSpec.of("busybox")
            .name("web")
            .networking(NetworkingSpec.of("none"))
            .command("sleep")
            .storage(
                StorageSpec.of(
                    List.of(
                        MountSpec.Volume.of("", "/anonymous", false),
                        MountSpec.Volume.of("named", "/named", false))))
            .build();
    var id = engine.containers().create(spec).id();
    engine.containers().start(id);
    return id;
  }

  private Status status(String reference) {
    return engine.containers().inspect(reference, false).state().status();
  }

  private List<String> names() {
    return engine.snapshots().list(Filters.none()).stream().map(SnapshotInfo::name).toList();
  }

  private static void refused(EngineException.Kind kind, ThrowingCallable call) {
    assertThatThrownBy(call)
        .satisfies(thrown -> assertThat(((EngineException) thrown).kind()).isEqualTo(kind));
  }

  @Test
  void aKeptContainerIsListedWithWhatItIs() {
    var id = web();
    var made = engine.snapshots().create("web", "s1", true);
    assertThat(made.container()).isEqualTo(id);
    assertThat(made.volumes()).containsExactly("/anonymous");
    assertThat(made.size()).isPositive();
    assertThat(made.directory()).isDirectory();
    assertThat(engine.snapshots().inspect("s1")).isEqualTo(made);
    assertThat(names()).containsExactly("s1");
    assertThat(engine.snapshots().list(Filters.none().with("container", "web"))).hasSize(1);
    assertThat(engine.snapshots().list(Filters.none().with("container", "db"))).isEmpty();
    assertThat(status("web")).isEqualTo(Status.RUNNING);
  }

  @Test
  void withoutGoingOnItIsKilledWhereItStands() {
    web();
    engine.snapshots().create("web", "s1", false);
    assertThat(status("web")).isEqualTo(Status.EXITED);
    assertThat(engine.containers().inspect("web", false).state().exitCode()).isEqualTo(137);
  }

  @Test
  void aCloneBeginsThereWithVolumesAndNamesOfItsOwn() {
    var id = web();
    engine.snapshots().create("web", "s1", true);
    engine.containers().remove("web", true, true);
    var clone = engine.snapshots().makeContainer("s1", CloneSpec.named("two")).id();
    engine.snapshots().start("s1", "two");
    assertThat(host.startedFrom).containsEntry(clone, id + " [/anonymous]");
    var info = engine.containers().inspect("two", false);
    assertThat(info.spec().process().command()).contains(List.of("sleep"));
    assertThat(info.effective().hostname()).isEqualTo(clone.substring(0, 12));
    assertThat(status("two")).isEqualTo(Status.RUNNING);
    refused(EngineException.Kind.NOT_MODIFIED, () -> engine.snapshots().start("s1", "two"));
    refused(
        EngineException.Kind.CONFLICT,
        () -> engine.snapshots().makeContainer("s1", CloneSpec.named("two")));
  }

  @Test
  void theContainerItselfMayGoBackThere() {
    var id = web();
    engine.snapshots().create("web", "s1", false);
    engine.snapshots().start("s1", "web");
    assertThat(host.startedFrom).containsKey(id);
    assertThat(status("web")).isEqualTo(Status.RUNNING);
  }

  @Test
  void aContainerWithOtherMountsIsNotStartedThere() {
    web();
    engine.snapshots().create("web", "s1", true);
    var other =
        InstanceSpec.of("busybox").networking(NetworkingSpec.of("none")).command("sleep").build();
    var id = engine.containers().create(other).id();
    refused(EngineException.Kind.INVALID, () -> engine.snapshots().start("s1", id));
    assertThat(status(id)).isEqualTo(Status.CREATED);
  }

  @Test
  void whatCannotBeKeptLeavesNothingAndRunsOn() throws IOException {
    web();
    host.unsavable = "for a reason";
    assertThatThrownBy(() -> engine.snapshots().create("web", "s1", false))
        .hasMessageContaining("for a reason");
    assertThat(status("web")).isEqualTo(Status.RUNNING);
    assertThat(names()).isEmpty();
    assertThat(directory.resolve("root/snapshots")).isEmptyDirectory();
  }

  @Test
  void namesAreCheckedAndTaken() {
    web();
    for (var name : List.of("", ".", "..", ".hidden", "a/b", "a b", "x".repeat(129))) {
      refused(EngineException.Kind.INVALID, () -> engine.snapshots().create("web", name, true));
      refused(EngineException.Kind.NOT_FOUND, () -> engine.snapshots().inspect(name));
    }
    engine.snapshots().create("web", "s1", true);
    refused(EngineException.Kind.CONFLICT, () -> engine.snapshots().create("web", "s1", true));
    refused(EngineException.Kind.NOT_FOUND, () -> engine.snapshots().create("nobody", "s2", true));
    refused(EngineException.Kind.NOT_FOUND, () -> engine.snapshots().remove("s2"));
  }

  @Test
  void oneThatDoesNotRunOrStandsStillIsRefused() {
    web();
    engine.containers().stop("web", Optional.empty(), Optional.empty());
    refused(EngineException.Kind.CONFLICT, () -> engine.snapshots().create("web", "s1", true));
    assertThat(names()).isEmpty();
  }

  @Test
  void whatAKilledEngineLeftIsSweptAway() throws IOException {
    web();
    engine.snapshots().create("web", "s1", true);
    var snapshots = directory.resolve("root/snapshots");
    Files.createDirectories(snapshots.resolve(".s2.unfinished/sandbox"));
    Files.writeString(snapshots.resolve(".s2.unfinished/sandbox/memory"), "half");
    Files.createDirectories(snapshots.resolve(".s3.removed/sandbox"));
    engine.close();
    open();
    assertThat(names()).containsExactly("s1");
    assertThat(Files.list(snapshots)).hasSize(1);
    var unused = engine.snapshots().makeContainer("s1", CloneSpec.named("two"));
    engine.snapshots().start("s1", "two");
    assertThat(status("two")).isEqualTo(Status.RUNNING);
  }

  @Test
  void aDamagedRecordIsRefusedAndCanBeRemoved() throws IOException {
    web();
    engine.snapshots().create("web", "good", true);
    engine.snapshots().create("web", "bad", true);
    var record = directory.resolve("root/snapshots/bad/record");
    var whole = Files.readAllBytes(record);
    for (int length : new int[] {0, 1, whole.length / 2, whole.length - 1}) {
      Files.write(record, Arrays.copyOf(whole, length));
      refused(EngineException.Kind.INVALID, () -> engine.snapshots().inspect("bad"));
    }
    assertThat(names()).containsExactly("good");
    engine.snapshots().remove("bad");
    refused(EngineException.Kind.NOT_FOUND, () -> engine.snapshots().inspect("bad"));
  }

  @Test
  void pruningTakesThoseWhoseContainerIsGone() {
    web();
    engine.snapshots().create("web", "s1", true);
    assertThat(engine.snapshots().prune(Filters.none()).removed()).isEmpty();
    engine.containers().remove("web", true, true);
    var young = Filters.none().with("until", "1h");
    assertThat(engine.snapshots().prune(young).removed()).isEmpty();
    var report = engine.snapshots().prune(Filters.none());
    assertThat(report.removed()).containsExactly("s1");
    assertThat(report.reclaimed()).isPositive();
    web();
    engine.snapshots().create("web", "s2", true);
    assertThat(engine.snapshots().prune(Filters.none().with("all", "true")).removed())
        .containsExactly("s2");
  }
}
