/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFile;
import dev.caisson.machine.engine.MachineEngine;
import dev.caisson.machine.guest.GuestChannel;
import dev.caisson.rootfs.RootfsException;
import dev.caisson.rootfs.layer.TreeCopy;
import dev.caisson.rootfs.layer.TreeRemoval;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.Unavailable;
import dev.caisson.sandbox.workload.Mount;
import dev.caisson.sandbox.workload.RootFilesystem;
import dev.caisson.sandbox.workload.Workload;
import dev.caisson.vmm.VmmException;
import dev.caisson.vmm.snapshot.Snapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * A thin machine as it was kept: {@code machine} (memory and devices), {@code guest} (what its host
 * knew), {@code upper} (what it wrote to its root), and a directory for each kept volume, called as
 * the guest knows it.
 */
record SavedMachine(Path directory) {
  private static final int HOLD_SECONDS = 30;
  private static final String UPPER = "upper";
  private static final String VOLUMES = "volumes";

  Path machine() {
    return directory.resolve("machine");
  }

  private Path guestFile() {
    return directory.resolve("guest");
  }

  private Path upper() {
    return directory.resolve(UPPER);
  }

  /**
   * Keeps a running machine; the workload stands still meanwhile.
   *
   * @param volumes targets of those that are kept too
   * @param told once all is on the disk; when that fails, so does this
   * @param goOn whether it goes on afterwards; after a failure it does anyway
   */
  void save(
      ThinRun run,
      Workload workload,
      Place place,
      Set<String> volumes,
      Runnable told,
      boolean goOn) {
    requireRoom(run);
    var patience = new Patience(run.machine(), place);
    boolean kept = false;
    try {
      patience.await(run.guest().hold(), HOLD_SECONDS, "the workload could not be held");
      run.machine().pause();
      try {
        write(run, workload, place, volumes);
        told.run();
        kept = true;
      } finally {
        if (goOn || !kept) {
          run.machine().resume();
        }
      }
    } finally {
      if (goOn || !kept) {
        patience.await(run.guest().go(), HOLD_SECONDS, "the workload was not let go");
      }
    }
  }

  /**
   * @throws SandboxException UNSUPPORTED when a workload, run by that engine, cannot be kept
   */
  static void requireSavable(MachineEngine engine, Workload workload) {
    engine
        .noSnapshots()
        .ifPresent(why -> {
          throw refused(workload, why);
        });
    if (!(workload.root() instanceof RootFilesystem.Layers)) {
      throw refused(
          workload,
          new Unavailable(
              "its root is a plain directory, which others may change", "use an image"));
    }
  }

  private static SandboxException refused(Workload workload, Unavailable why) {
    return SandboxException.unsupported(
        "a snapshot of " + workload.name(), "%s%n  try: %s".formatted(why.reason(), why.remedy()));
  }

  /** Asked for before the workload is held, which would be for nothing. */
  private void requireRoom(ThinRun run) {
    long needed = run.machine().memoryUse();
    try {
      long free = Files.getFileStore(directory.getParent()).getUsableSpace();
      if (free < needed) {
        throw new SandboxException(
            SandboxException.Kind.FAILED,
            "no room for a snapshot: its memory needs up to %d MiB, %d MiB are free in %s; caisson snapshot prune makes room"
                .formatted(needed >> 20, free >> 20, directory.getParent()));
      }
    } catch (IOException e) {
      throw new SandboxException(
          SandboxException.Kind.FAILED, directory.getParent() + ": " + e.getMessage(), e);
    }
  }

  private void write(ThinRun run, Workload workload, Place place, Set<String> volumes) {
    try {
      Files.createDirectory(directory);
      run.machine().save(machine());
      run.saved().write(guestFile());
      copy(place.state().resolve(UPPER), upper());
      Files.createDirectory(directory.resolve(VOLUMES));
      for (var volume : own(workload, volumes).entrySet()) {
        copy(volume.getValue(), directory.resolve(VOLUMES).resolve(volume.getKey()));
      }
      try (Directory whole = Directory.open(directory);
          OpenFile file = OpenFile.of(whole.fd().duplicate())) {
        file.syncFileSystem();
      }
    } catch (IOException | RootfsException | LinuxException e) {
      throw new SandboxException(
          SandboxException.Kind.FAILED,
          workload.name() + " cannot be kept in " + directory + ": " + e.getMessage(),
          e);
    }
  }

  /** Directories of volumes by the names the guest has for them. */
  private static Map<String, Path> own(Workload workload, Set<String> targets) {
    Map<String, Path> own = new TreeMap<>();
    GuestNames.of(workload)
        .mounts()
        .forEach((mount, name) -> {
          if (mount instanceof Mount.Volume volume && targets.contains(volume.target())) {
            own.put(name, volume.directory());
          }
        });
    return own;
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectory(to);
    try (Directory source = Directory.open(from);
        Directory target = Directory.open(to)) {
      TreeCopy.of(source, target);
    }
  }

  /**
   * What its host knew, once the whole is found to be a snapshot that this host can restore.
   *
   * @throws SandboxException INVALID with file and offset or line; UNSUPPORTED when it is of
   *     another kind of host or of another release
   */
  SavedGuest check() {
    SavedGuest guest = guest();
    if (guest.protocol() != GuestChannel.VERSION) {
      throw SandboxException.unsupported(
          "the snapshot",
          "its guest speaks version %d of the protocol, this program version %d; take it anew"
              .formatted(guest.protocol(), GuestChannel.VERSION));
    }
    HostProcessor.present().require(guest.processor());
    return guest;
  }

  private SavedGuest guest() {
    try {
      var _ = Snapshot.open(machine());
      return SavedGuest.read(guestFile());
    } catch (VmmException e) {
      throw new SandboxException(SandboxException.Kind.INVALID, String.valueOf(e.getMessage()), e);
    } catch (IOException e) {
      throw new SandboxException(
          SandboxException.Kind.INVALID, "no snapshot in " + directory + ": " + e.getMessage(), e);
    }
  }

  /** Replaces what a workload has written by what was kept. */
  void placeFiles(Workload workload, Place place) {
    try {
      try (Directory state = Directory.open(place.state())) {
        TreeRemoval.remove(state, UPPER);
        TreeRemoval.remove(state, "work");
      }
      copy(upper(), place.state().resolve(UPPER));
      for (var volume : GuestNames.of(workload).mounts().entrySet()) {
        Path kept = directory.resolve(VOLUMES).resolve(volume.getValue());
        if (volume.getKey() instanceof Mount.Volume own && Files.isDirectory(kept)) {
          replace(kept, own.directory());
        }
      }
    } catch (IOException | RootfsException | LinuxException e) {
      throw new SandboxException(
          SandboxException.Kind.FAILED,
          "the files of the snapshot cannot be copied: " + e.getMessage(),
          e);
    }
  }

  private static void replace(Path kept, Path volume) {
    try (Directory source = Directory.open(kept);
        Directory target = Directory.open(volume)) {
      TreeRemoval.empty(target);
      TreeCopy.of(source, target);
    }
  }
}
