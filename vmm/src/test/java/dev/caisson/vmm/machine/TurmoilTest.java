/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.machine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.virtio.balloon.BalloonDevice;
import dev.caisson.virtio.console.ConsoleDevice;
import dev.caisson.virtio.console.ConsolePort;
import dev.caisson.virtio.rng.EntropyDevice;
import dev.caisson.vmm.VmmException;
import dev.caisson.vmm.boot.TinyKernel;
import dev.caisson.vmm.snapshot.Snapshot;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One machine that many threads pause, resume, keep, bind, type to and end, all at once. */
@Tag("integration")
@Timeout(240)
class TurmoilTest extends TinyMachine {
  private static final int THREADS = 5;
  private static final int MOVES = 60;

  private final AtomicInteger names = new AtomicInteger();

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void whoeverDoesWhatTheMachineEndsAndItsSnapshotsAreWhole(long seed) throws Exception {
    TinyKernel busy = new TinyKernel().load(0x20_0000).print().repeat();
    ConsoleDevice ports = new ConsoleDevice(List.of(ConsolePort.named("port")));
    var balloon = new BalloonDevice(pages -> {});
    machine =
        Machine.create(
            kvm,
            config(busy, 2, letter -> {}, ports, balloon, new EntropyDevice(new SecureRandom())));
    machine.start();
    List<CompletableFuture<Void>> all = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      var random = new Random(seed * THREADS + i);
      var done = new CompletableFuture<Void>();
      all.add(done);
      Thread.ofPlatform()
          .start(() -> {
            try {
              for (int move = 0; move < MOVES; move++) {
                move(random, ports, balloon);
              }
              done.complete(null);
            } catch (Throwable e) {
              done.completeExceptionally(e);
            }
          });
    }
    for (CompletableFuture<Void> one : all) {
      one.get(200, TimeUnit.SECONDS);
    }
    machine.close();
    assertThat(machine.ended().get(10, TimeUnit.SECONDS).kind()).isEqualTo(MachineEnd.Kind.STOPPED);
    try (var kept = Files.list(directory)) {
      for (Path one : kept.filter(file -> file.getFileName().toString().startsWith("s")).toList()) {
        Snapshot.open(one).verify();
      }
    }
  }

  private void move(Random random, ConsoleDevice ports, BalloonDevice balloon) throws Exception {
    try {
      switch (random.nextInt(12)) {
        case 0, 1, 2 -> machine.pause();
        case 3, 4, 5 -> machine.resume();
        case 6 -> machine.save(directory.resolve("s" + names.incrementAndGet()));
        case 7 -> machine.pin(List.of(1L, 1L));
        case 8 -> machine.type(new byte[] {1, 2, 3});
        case 9 -> machine.pressPowerButton();
        case 10 -> {
          ports.resize(random.nextInt(100), 50);
          balloon.target(random.nextInt(1 << 20));
        }
        default -> {
          assertThat(machine.cpuTime().isNegative()).isFalse();
          assertThat(machine.memoryUse()).isNotNegative();
          if (random.nextInt(60) == 0) {
            machine.close();
          }
        }
      }
    } catch (VmmException e) {
      assertThat(e.kind()).isEqualTo(VmmException.Kind.WRONG_STATE);
    }
  }
}
