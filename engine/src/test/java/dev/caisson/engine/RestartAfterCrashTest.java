/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.engine.network.ClosedFabric;
import dev.caisson.engine.network.Fabric;
import dev.caisson.engine.network.Link;
import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.engine.spec.NetworkingSpec;
import dev.caisson.engine.spec.RestartPolicy;
import dev.caisson.engine.view.NetworkView;
import dev.caisson.engine.view.Status;
import dev.caisson.network.Obstacle;
import dev.caisson.sandbox.workload.NetworkAttachment;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Containers that ended with their engine, and those that end while the next one comes up. */
@Timeout(value = 30, unit = TimeUnit.SECONDS)
class RestartAfterCrashTest {
  /** Long enough for whatever would not wait; only a wrong engine is in a hurry here. */
  private static final int SLOW_MILLIS = 300;

  @TempDir Path directory;
  private final FakeIsolation host = new FakeIsolation();
  private final SlowFabric networks = new SlowFabric();

  /** A host whose networks are there only a while after they were asked for. */
  private static final class SlowFabric implements InvocationHandler {
    private final ClosedFabric none = new ClosedFabric(new Obstacle("this is a test", ""));
    private final AtomicBoolean there = new AtomicBoolean();
    final ConcurrentLinkedQueue<String> early = new ConcurrentLinkedQueue<>();
    final ConcurrentLinkedQueue<String> left = new ConcurrentLinkedQueue<>();
    final ConcurrentLinkedQueue<String> adopted = new ConcurrentLinkedQueue<>();
    volatile Runnable meanwhile = () -> {};

    Fabric asFabric() {
      there.set(false);
      return (Fabric)
          Proxy.newProxyInstance(
              SlowFabric.class.getClassLoader(), new Class<?>[] {Fabric.class}, this);
    }

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments)
        throws ReflectiveOperationException {
      return switch (method.getName()) {
        case "closed" -> Optional.empty();
        case "check" -> null;
        case "adopt" -> {
          adopted.add(((Fabric.Member) arguments[0]).id());
          yield null;
        }
        case "attach", "detach" -> {
          if (!there.get()) {
            early.add(method.getName());
          }
          if (method.getName().equals("detach")) {
            left.add(((Fabric.Member) arguments[0]).id());
          }
          yield method.getName().equals("attach") ? link() : null;
        }
        case "sweep" -> {
          meanwhile.run();
          pause(SLOW_MILLIS);
          there.set(true);
          yield null;
        }
        default -> method.invoke(none, arguments);
      };
    }

    private static Link link() {
      var view = new NetworkView(Optional.of("/none"), List.of(), Set.of(), Map.of());
      return new Link(NetworkAttachment.NONE.mode(), view, List.of(), List.of(), List.of());
    }
  }

  private Engine open() {
    return new EngineOpener(
            EngineOptions.at(directory.resolve("root"), directory.resolve("run")),
            List.of(host),
            Clock.systemUTC(),
            (options, store, events, users) -> new FakeImages(),
            (options, store, events, finder) -> networks.asFabric())
        .open();
  }

  private String started(Engine engine) {
    var spec =
        InstanceSpec.of("busybox")
            .command("sleep")
            .networking(NetworkingSpec.of("bridge"))
            .restartPolicy(RestartPolicy.parse("always"));
    var id = engine.containers().create(spec.build()).id();
    engine.containers().start(id);
    return id;
  }

  private static void pause(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void awaitRestart(Engine engine, String id) {
    while (engine.containers().inspect(id, false).restartCount() == 0
        || engine.containers().inspect(id, false).state().status() != Status.RUNNING) {
      pause(5);
    }
  }

  @Test
  void oneThatEndedWithItsEngineStartsOnceItsNetworksAreThere() {
    String id;
    try (var engine = open()) {
      id = started(engine);
    }
    host.byId.get(id).end(137);
    try (var engine = open()) {
      awaitRestart(engine, id);
      assertThat(networks.early).doesNotContain("attach");
    }
  }

  @Test
  void oneThatEndsWhileTheNetworksComeUpLeavesAndJoinsThemAfterwards() {
    String id;
    try (var engine = open()) {
      id = started(engine);
    }
    networks.meanwhile = () -> host.byId.get(id).end(1);
    try (var engine = open()) {
      awaitRestart(engine, id);
      assertThat(networks.early).isEmpty();
    }
  }

  @Test
  void oneThatCannotBeTakenOverAtOnceKeepsItsNetworkAndIsTakenOverLater() {
    String id;
    try (var engine = open()) {
      id = started(engine);
    }
    host.silent.set(1);
    try (var engine = open()) {
      assertThat(engine.containers().inspect(id, false).state().pid()).isZero();
      while (engine.containers().inspect(id, false).state().pid() == 0) {
        pause(5);
      }
      assertThat(networks.adopted).containsExactly(id);
      host.byId.get(id).end(1);
      awaitRestart(engine, id);
    }
  }

  @Test
  void manyAreTakenOverAtOnce() {
    var ids = new ArrayList<String>();
    try (var engine = open()) {
      for (int i = 0; i < 40; i++) {
        ids.add(started(engine));
      }
    }
    for (int i = 0; i < ids.size(); i += 2) {
      host.byId.get(ids.get(i)).end(137);
    }
    try (var engine = open()) {
      for (int i = 0; i < ids.size(); i += 2) {
        awaitRestart(engine, ids.get(i));
      }
      assertThat(engine.containers().list(false, 0, false, Filters.none())).hasSize(ids.size());
      assertThat(networks.adopted).hasSize(ids.size() / 2);
    }
  }

  @Test
  void whatEndsWithItsEngineLeavesItsNetworksAndNothingElseDoes() {
    try (var engine = open()) {
      started(engine);
    }
    assertThat(networks.left).isEmpty();
    host.outlives = false;
    String id;
    try (var engine = open()) {
      id = started(engine);
    }
    assertThat(networks.left).contains(id);
  }
}
