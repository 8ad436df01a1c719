/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.layer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.image.layer.Attributes;
import dev.caisson.image.layer.Entry;
import dev.caisson.image.layer.LayerLimits;
import dev.caisson.image.model.Digest;
import dev.caisson.rootfs.RootfsException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Layers whose entries come in hostile orders; {@code -Dfuzz.seconds=N} for longer. */
@Timeout(36_000)
class LayerStoreFuzzTest {
  private static final int ROUNDS = 300;
  private static final List<String> NAMES =
      List.of("a", "b", "a/b", "a/b/c", "b/a", "l", "l/a", "l/secret", "a/l/secret");

  @TempDir Path folder;

  @Test
  void randomLayersStayInside() throws IOException {
    var secret = Files.writeString(folder.resolve("secret"), "untouched");
    var state = folder.resolve("state");
    var targets =
        List.of(
            "/", "..", "../..", "a", "/a", folder.toString(), secret.toString(), "l", "b/../..");
    long seconds = Long.getLong("fuzz.seconds", 0);
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    try (var store =
        LayerStore.open(state, LayerLimits.DEFAULT, OverlayMarks.USER, Ownership.OWN)) {
      for (long i = 0; seconds > 0 ? System.nanoTime() < end : i < ROUNDS; i++) {
        unpack(store, layer(new Random(i), targets));
        if (i % ROUNDS == ROUNDS - 1) {
          store.collect(Set.of());
        }
      }
      store.collect(Set.of());
    }
    assertThat(secret).hasContent("untouched");
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactlyInAnyOrder(secret, state);
    }
    assertThat(state.resolve("staging")).isEmptyDirectory();
    assertThat(state.resolve("trash")).isEmptyDirectory();
  }

  private static TestLayer layer(Random random, List<String> targets) {
    var layer = TestLayer.empty();
    for (int i = 0; i < 12; i++) {
      var name = NAMES.get(random.nextInt(NAMES.size()));
      var target = targets.get(random.nextInt(targets.size()));
      switch (random.nextInt(7)) {
        case 0 -> layer.file(name, "overwritten");
        case 1 -> layer.directory(name, random.nextBoolean() ? 0755 : 0);
        case 2, 3 -> layer.link(name, target);
        case 4 -> layer.with(new Entry.Whiteout(name));
        case 5 -> layer.with(new Entry.Opaque(name));
        default ->
            layer.with(
                new Entry.HardLink(
                    name, Attributes.of(0644), NAMES.get(random.nextInt(NAMES.size()))));
      }
    }
    return layer;
  }

  private static void unpack(LayerStore store, TestLayer layer) {
    var archive = layer.archive();
    try {
      var _ = store.unpack(Digest.of(archive), () -> new ByteArrayInputStream(archive)).join();
    } catch (CompletionException refused) {
      assertThat(refused).hasCauseInstanceOf(RootfsException.class); // which is as good
    }
  }
}
