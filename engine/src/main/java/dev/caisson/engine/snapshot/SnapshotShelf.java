/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.snapshot;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.state.RecordCodec;
import dev.caisson.engine.volume.Trees;
import dev.caisson.engine.workload.Definition;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.DirectoryEntry;
import dev.caisson.linux.file.FileType;
import dev.caisson.linux.file.OpenFile;
import dev.caisson.linux.file.Resolution;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The directories of snapshots: {@code NAME/record} says what it is, {@code NAME/sandbox} is the
 * isolation's. One that is being made or removed has a name with a dot in front, and is swept away
 * when an engine opens.
 */
public final class SnapshotShelf {
  private static final System.Logger LOG = System.getLogger(SnapshotShelf.class.getName());
  private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}");
  private static final Resolution[] STEP = {Resolution.BENEATH, Resolution.NO_SYMLINKS};
  private static final long LARGEST_RECORD = 4 << 20;
  private static final String RECORD = "record";
  private static final String SANDBOX = "sandbox";

  private final Path directory;

  private SnapshotShelf(Path directory) {
    this.directory = directory;
  }

  /** Opens it, without what a killed engine left half made. */
  public static SnapshotShelf open(Path directory) {
    var shelf = new SnapshotShelf(directory);
    try {
      if (Files.isDirectory(directory)) {
        for (var name : shelf.entries()) {
          if (name.startsWith(".")) {
            Trees.remove(directory.resolve(name));
          }
        }
      }
    } catch (IOException e) {
      throw EngineException.io("cannot sweep " + directory + ": " + e.getMessage(), e);
    }
    return shelf;
  }

  private List<String> entries() throws IOException {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (var entries = Files.list(directory)) {
      return entries.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  /** Names of all there are, whole ones and damaged ones. */
  List<String> names() {
    try {
      return entries().stream().filter(name -> NAME.matcher(name).matches()).toList();
    } catch (IOException e) {
      throw EngineException.io("cannot read " + directory + ": " + e.getMessage(), e);
    }
  }

  Path directory(String name) {
    return directory.resolve(name);
  }

  /** Where the isolation keeps its part. */
  Path sandbox(String name) {
    return directory(name).resolve(SANDBOX);
  }

  /**
   * @throws EngineException NOT_FOUND; INVALID when it is damaged
   */
  SnapshotRecord find(String name) {
    require(name);
    var file = directory(name).resolve(RECORD);
    try {
      if (Files.size(file) > LARGEST_RECORD) {
        throw damaged(name, "its record is larger than 4 MiB", null);
      }
      var record = RecordCodec.decode(Files.readAllBytes(file), SnapshotRecord.class);
      if (record.version() != SnapshotRecord.VERSION) {
        throw damaged(
            name,
            "its record has version %d, this program reads %d"
                .formatted(record.version(), SnapshotRecord.VERSION),
            null);
      }
      return record;
    } catch (IOException | IllegalArgumentException e) {
      throw damaged(name, file + ": " + e.getMessage(), e);
    }
  }

  private static EngineException damaged(String name, String reason, @Nullable Exception cause) {
    return new EngineException(
        EngineException.Kind.INVALID,
        "snapshot " + name + " cannot be used: " + reason,
        "caisson snapshot rm " + name,
        cause);
  }

  private void require(String name) {
    if (!NAME.matcher(name).matches() || !Files.isDirectory(directory(name))) {
      throw EngineException.notFound("No such snapshot: " + name);
    }
  }

  /** Those that can be used; of others a line is logged. */
  List<SnapshotRecord> all() {
    var found = new ArrayList<SnapshotRecord>();
    for (var name : names()) {
      try {
        found.add(find(name));
      } catch (EngineException e) {
        LOG.log(System.Logger.Level.WARNING, e.getMessage());
      }
    }
    return found;
  }

  /** What stands on images and must not lose its layers. */
  public List<Definition> kept() {
    return all().stream().map(SnapshotRecord::container).toList();
  }

  /** Fills the directory of a new snapshot. */
  @FunctionalInterface
  interface Filling {
    /**
     * @param sandbox must be made
     * @param finish puts the snapshot into its place, once all but the record is on the disk
     */
    void into(Path sandbox, Function<Function<Long, SnapshotRecord>, SnapshotRecord> finish);
  }

  /**
   * Makes a snapshot, which appears whole or not at all.
   *
   * @throws EngineException CONFLICT when the name is taken; INVALID for what is no name
   */
  SnapshotRecord make(String name, Filling filling) {
    if (!NAME.matcher(name).matches()) {
      throw EngineException.invalid(
          "\"" + name + "\" is no name for a snapshot",
          "begin with a letter or digit; letters, digits, _ . - may follow, 128 in all");
    }
    if (Files.exists(directory(name))) {
      throw taken(name);
    }
    var unfinished = directory.resolve("." + name + ".unfinished");
    var made = new ArrayList<SnapshotRecord>();
    try {
      Files.createDirectories(directory);
      Files.createDirectory(
          unfinished,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } catch (FileAlreadyExistsException e) {
      throw taken(name);
    } catch (IOException e) {
      throw EngineException.io("cannot make " + unfinished + ": " + e.getMessage(), e);
    }
    try {
      filling.into(
          unfinished.resolve(SANDBOX),
          record -> {
            var whole = record.apply(allocated(unfinished));
            finish(unfinished, whole);
            made.add(whole);
            return whole;
          });
      return made.getFirst();
    } finally {
      removeTree(unfinished);
    }
  }

  private static EngineException taken(String name) {
    return EngineException.conflict(
        "snapshot " + name + " already exists", "caisson snapshot rm " + name);
  }

  private void finish(Path unfinished, SnapshotRecord record) {
    try (var file =
        FileChannel.open(
            unfinished.resolve(RECORD), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      var bytes = ByteBuffer.wrap(RecordCodec.encode(record));
      while (bytes.hasRemaining()) {
        file.write(bytes);
      }
      file.force(true);
      sync(unfinished);
      Files.move(unfinished, directory(record.name()), StandardCopyOption.ATOMIC_MOVE);
      sync(directory);
    } catch (IOException | LinuxException e) {
      throw EngineException.io("cannot keep " + record.name() + ": " + e.getMessage(), e);
    }
  }

  private static void sync(Path folder) {
    try (var open = Directory.open(folder);
        var file = OpenFile.of(open.fd().duplicate())) {
      file.sync();
    }
  }

  /** Takes one away; at once for those who look, then from the disk. */
  void remove(String name) {
    require(name);
    var doomed = directory.resolve("." + name + ".removed");
    removeTree(doomed);
    try {
      Files.move(directory(name), doomed, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException e) {
      throw EngineException.notFound("No such snapshot: " + name);
    } catch (IOException e) {
      throw EngineException.io("cannot remove snapshot " + name + ": " + e.getMessage(), e);
    }
    removeTree(doomed);
  }

  private static void removeTree(Path tree) {
    try {
      Trees.remove(tree);
    } catch (IOException e) {
      throw EngineException.io("cannot remove " + tree + ": " + e.getMessage(), e);
    }
  }

  private static long allocated(Path folder) {
    try (var open = Directory.open(folder)) {
      return allocated(open);
    } catch (LinuxException e) {
      throw EngineException.io("cannot measure " + folder + ": " + e.getMessage(), e);
    }
  }

  private static long allocated(Directory folder) {
    long sum = folder.status().allocated();
    for (var entry : DirectoryEntry.list(folder.fd())) {
      var status = folder.status(entry.name());
      if (status.type() == FileType.DIRECTORY) {
        try (var below = folder.resolve(entry.name(), STEP)) {
          sum += allocated(below);
        }
      } else {
        sum += status.allocated() / Math.max(1, status.links());
      }
    }
    return sum;
  }
}
