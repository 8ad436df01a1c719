/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.caisson.linux.file.Directory;
import dev.caisson.linux.mount.DetachedMount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Roots that are mounted before a container wants them. */
@Tag("integration")
class ReadyRootsTest {
  private static final Duration LONGEST = Duration.ofSeconds(60);

  @TempDir private Path folder;
  private ReadyRoots roots;
  private int count;

  @BeforeEach
  void open() throws IOException {
    assumeTrue("root".equals(System.getProperty("user.name")), "mounting needs root");
    layer("image", "first");
    Files.createDirectories(folder.resolve("base"));
    roots = new ReadyRoots(folder.resolve("scratch/roots"));
  }

  @AfterEach
  void close() {
    if (roots != null) {
      roots.close();
    }
  }

  private void layer(String name, String content) throws IOException {
    Path layer = Files.createDirectories(folder.resolve(name));
    Files.writeString(layer.resolve("file"), content);
  }

  private ReadyRoot.Of image() {
    return new ReadyRoot.Of(
        List.of(folder.resolve("image"), folder.resolve("base")), List.of("index=off", "volatile"));
  }

  private Path state() {
    return folder.resolve("containers").resolve("c" + count++);
  }

  /** Asks until one is there: they are made by a thread of their own. */
  private DetachedMount taken(Path state) throws InterruptedException {
    long deadline = System.nanoTime() + LONGEST.toNanos();
    while (System.nanoTime() < deadline) {
      Optional<DetachedMount> taken = roots.take(image(), state);
      if (taken.isPresent()) {
        return taken.get();
      }
      Thread.sleep(20);
    }
    throw new AssertionError("no root was made ready within " + LONGEST);
  }

  @Test
  void nothingIsMadeForAnImageStartedOnce() throws Exception {
    assertThat(roots.take(image(), state())).isEmpty();
    roots.close();
    assertThat(folder.resolve("scratch/roots")).doesNotExist();
  }

  @Test
  void oneShowsTheImageAndKeepsWhatIsWrittenInTheContainersDirectory() throws Exception {
    Path state = state();
    try (DetachedMount mount = taken(state);
        Directory root = Directory.open(mount.fd().path())) {
      Path shown = root.fd().path();
      assertThat(shown.resolve("file")).hasContent("first");
      Files.writeString(shown.resolve("new"), "written");
    }
    assertThat(state.resolve("upper/new")).hasContent("written");
    assertThat(folder.resolve("image/new")).doesNotExist();
  }

  @Test
  void twoContainersNeverShareOne() throws Exception {
    Path one = state();
    Path other = state();
    try (DetachedMount first = taken(one);
        DetachedMount second = taken(other)) {
      Files.writeString(first.fd().path().resolve("new"), "one");
      assertThat(second.fd().path().resolve("new")).doesNotExist();
    }
    assertThat(one.resolve("upper/new")).exists();
    assertThat(other.resolve("upper/new")).doesNotExist();
  }

  @Test
  void noneOfAnImageThatWasRemovedAndMadeAnewIsUsed() throws Exception {
    taken(state()).close(); // others are ready now, or will be
    Thread.sleep(100);
    Path image = folder.resolve("image");
    Files.delete(image.resolve("file"));
    Files.delete(image);
    layer("image", "second");
    try (DetachedMount mount = taken(state())) {
      assertThat(mount.fd().path().resolve("file")).hasContent("second");
    }
  }

  @Test
  void nothingIsLeftWhenTheEngineLeaves() throws Exception {
    taken(state()).close();
    roots.close();
    assertThat(folder.resolve("scratch/roots")).isEmptyDirectory();
    assertThat(roots.take(image(), state())).isEmpty();
  }
}
