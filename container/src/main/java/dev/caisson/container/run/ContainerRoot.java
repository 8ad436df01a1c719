/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.container.plan.ContainerPlan;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.mount.DetachedMount;
import dev.caisson.rootfs.RootfsException;
import dev.caisson.rootfs.layer.OverlayMarks;
import dev.caisson.rootfs.overlay.InstanceOverlay;
import dev.caisson.rootfs.overlay.MountedRoot;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.workload.RootFilesystem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Supplier;

/** The root file system of one container, running or not. */
final class ContainerRoot {
  private final RootFilesystem root;
  private final Place place;
  private final Path state;
  private final Path mountPoint;
  private final Optional<InstanceOverlay> overlay;

  ContainerRoot(RootFilesystem root, Place place, OverlayMarks marks) {
    this.root = root;
    this.place = place;
    this.state = place.state();
    this.mountPoint = place.run().resolve("root");
    this.overlay =
        root instanceof RootFilesystem.Layers layers
            ? Optional.of(
                InstanceOverlay.in(
                    state,
                    layers.layers().stream().map(RootFilesystem.Layer::directory).toList(),
                    marks))
            : Optional.empty();
  }

  /**
   * Makes the directories a run needs.
   *
   * @param ready some roots are mounted already; empty if the run's plan mounts it in any case
   * @param mount whether one is mounted now if none is ready
   * @return the root itself, mounted now or ahead of need; to be closed once attached
   */
  Optional<DetachedMount> prepareRun(Optional<ReadyRoots> ready, boolean mount) {
    if (ready.isEmpty() || !(root instanceof RootFilesystem.Layers layers) || overlay.isEmpty()) {
      prepare();
      return Optional.empty();
    }
    // Who unmounts a durable one writes all of the host's file system, needed or not.
    if (!layers.durable() && !Files.exists(state)) {
      var wanted = new ReadyRoot.Of(overlay.get().lower(), ContainerPlan.overlayOptions(layers));
      Optional<DetachedMount> taken = ready.get().take(wanted, state);
      if (taken.isPresent()) {
        makeMountPoint();
        return taken;
      }
    }
    prepare();
    return mount ? mounted(overlay.get(), layers) : Optional.empty();
  }

  private static Optional<DetachedMount> mounted(
      InstanceOverlay overlay, RootFilesystem.Layers layers) {
    try {
      return Optional.of(overlay.detached(ContainerPlan.overlayOptions(layers), Set.of()));
    } catch (LinuxException cannot) {
      return Optional.empty(); // the launcher can, or tells why not
    }
  }

  private void makeMountPoint() {
    try {
      if (!Files.isDirectory(mountPoint)) {
        Files.createDirectory(mountPoint); // the engine made what is above
      }
    } catch (IOException failed) {
      throw new SandboxException(
          SandboxException.Kind.FAILED, "make " + mountPoint + ": " + failed.getMessage(), failed);
    }
  }

  /** Makes the directories of the root file system. */
  void prepare() {
    makeMountPoint();
    try {
      place.makeState();
      if (overlay.isPresent() && !Files.exists(upper())) {
        overlay.get().create();
      }
      if (root instanceof RootFilesystem.Layers layers && !layers.durable()) {
        forgetVolatile();
      }
    } catch (IOException failed) {
      throw new SandboxException(
          SandboxException.Kind.FAILED, "prepare " + state + ": " + failed.getMessage(), failed);
    }
  }

  /** The kernel refuses to mount again what was mounted volatile, until its mark is removed. */
  private void forgetVolatile() throws IOException {
    if (Files.exists(state.resolve("work/work/incompat"))) {
      try (Directory directory = Directory.open(state)) {
        dev.caisson.rootfs.layer.TreeRemoval.remove(directory, "work");
      }
      Files.createDirectories(state.resolve("work"));
    }
  }

  Path upper() {
    return state.resolve("upper");
  }

  /** What the container changed, which is nothing while it was never started. */
  InstanceOverlay overlay(String purpose) {
    if (overlay.isEmpty()) {
      throw SandboxException.unsupported(purpose, "the root is a directory, not an image");
    }
    if (!Files.exists(upper())) {
      prepare();
    }
    return overlay.get();
  }

  /** An open root to work in; close it soon. */
  interface Opened extends AutoCloseable {
    Directory directory();

    @Override
    void close();
  }

  /**
   * Opens the root: through the first process when one runs, so that its volumes are seen too,
   * otherwise by a mount no path leads to.
   */
  Opened open(Supplier<OptionalInt> pid) {
    OptionalInt first = pid.get();
    if (first.isPresent()) {
      Directory directory = Directory.open(Path.of("/proc/" + first.getAsInt() + "/root"));
      // The process was there before and after, so it is the one whose root was opened.
      if (pid.get().equals(first)) {
        return opened(directory);
      }
      directory.close();
    }
    if (overlay.isEmpty()) {
      return opened(Directory.open(((RootFilesystem.Directory) root).path()));
    }
    prepare();
    MountedRoot mounted = overlay.get().mount();
    return new Opened() {
      @Override
      public Directory directory() {
        return mounted.directory();
      }

      @Override
      public void close() {
        mounted.close();
      }
    };
  }

  private static Opened opened(Directory directory) {
    return new Opened() {
      @Override
      public Directory directory() {
        return directory;
      }

      @Override
      public void close() {
        directory.close();
      }
    };
  }

  /** Removes what was written, and the directories. */
  void remove() {
    try (Directory directory = Directory.open(state)) {
      Files.deleteIfExists(mountPoint);
      for (String name : new String[] {"upper", "work", "merged"}) {
        dev.caisson.rootfs.layer.TreeRemoval.remove(directory, name);
      }
    } catch (IOException failed) {
      throw new SandboxException(SandboxException.Kind.FAILED, "remove " + mountPoint, failed);
    } catch (LinuxException failed) {
      if (failed.errno() != dev.caisson.linux.Errno.ENOENT) {
        throw failed;
      }
    }
  }

  static SandboxException explain(RootfsException failed) {
    SandboxException.Kind kind =
        switch (failed.kind()) {
          case NOT_FOUND -> SandboxException.Kind.NOT_FOUND;
          case INVALID -> SandboxException.Kind.INVALID;
          default ->
              failed.getCause() instanceof LinuxException cause
                      && cause.is(dev.caisson.linux.Errno.EROFS)
                  ? SandboxException.Kind.DENIED
                  : SandboxException.Kind.FAILED;
        };
    return new SandboxException(kind, String.valueOf(failed.getMessage()), failed);
  }
}
