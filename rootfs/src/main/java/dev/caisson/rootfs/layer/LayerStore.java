/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.layer;

import dev.caisson.image.ImageException;
import dev.caisson.image.layer.LayerLimits;
import dev.caisson.image.layer.LayerStream;
import dev.caisson.image.model.Digest;
import dev.caisson.image.store.Image;
import dev.caisson.image.store.ImageStore;
import dev.caisson.image.store.LayerReceiver;
import dev.caisson.linux.Errno;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.DirectoryEntry;
import dev.caisson.linux.file.FileLock;
import dev.caisson.linux.file.OpenFile;
import dev.caisson.linux.file.RenameMode;
import dev.caisson.rootfs.RootfsException;
import java.io.InputStream;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * Unpacked layers, one folder each, shared by all images and instances that have them.
 *
 * <pre>
 *   ROOT/layers/NAME/fs        the files, ready to be a lower directory of overlayfs
 *   ROOT/layers/NAME/record    what it is, see {@link LayerRecord}
 *   ROOT/staging/UUID          being unpacked; its folder is locked meanwhile
 *   ROOT/trash/UUID            being removed
 * </pre>
 *
 * <p>A layer is a cache of its blob. It appears by one rename, without waiting for the disk; one
 * that a power cut may have caught is told by its record, thrown away and unpacked again.
 */
public final class LayerStore implements LayerReceiver, AutoCloseable {
  private static final System.Logger LOG = System.getLogger(LayerStore.class.getName());
  private static final String FILES = "fs";

  private final Path root;
  private final Directory layers;
  private final Directory staging;
  private final Trash trash;
  private final LayerLimits limits;
  private final OverlayMarks marks;
  private final Ownership ownership;
  private final Map<Digest, CompletableFuture<Path>> ready = new ConcurrentHashMap<>();
  private final ExecutorService workers;

  private LayerStore(Path root, LayerLimits limits, OverlayMarks marks, Ownership ownership) {
    this.root = root;
    this.layers = Folders.open(root.resolve("layers"));
    this.staging = Folders.open(root.resolve("staging"));
    this.trash = Trash.open(root.resolve("trash"));
    this.limits = limits;
    this.marks = marks;
    this.ownership = ownership;
    this.workers =
        Executors.newFixedThreadPool(
            Math.clamp(Runtime.getRuntime().availableProcessors(), 2, 8),
            Thread.ofPlatform().daemon().name("layer-unpacker-", 0).factory());
    discardAbandoned();
  }

  /** Opens or creates the store below {@code root}; leftovers of dead processes are removed. */
  public static LayerStore open(
      Path root, LayerLimits limits, OverlayMarks marks, Ownership ownership) {
    try {
      return new LayerStore(root, limits, marks, ownership);
    } catch (LinuxException e) {
      throw RootfsException.of("opening the layer store " + root, e);
    }
  }

  public OverlayMarks marks() {
    return marks;
  }

  /**
   * The folders of all layers of {@code image}, lowest first, unpacking side by side those that are
   * not there yet.
   *
   * @throws RootfsException NO_SPACE, INVALID, IO
   * @throws ImageException for a damaged or hostile layer
   */
  public List<Path> directories(ImageStore images, Image image) {
    var pending = new ArrayList<CompletableFuture<Path>>();
    for (int i = 0; i < image.layers().size(); i++) {
      var blob = image.layers().get(i).digest();
      pending.add(unpack(image.config().diffIds().get(i), () -> images.blobs().open(blob)));
    }
    return pending.stream().map(LayerStore::join).toList();
  }

  private static Path join(CompletableFuture<Path> layer) {
    try {
      return layer.join();
    } catch (CompletionException e) {
      switch (e.getCause()) {
        case RuntimeException cause -> throw cause;
        case Error cause -> throw cause;
        case null, default -> throw e;
      }
    }
  }

  /** Whether the layer is unpacked. */
  public boolean contains(Digest diffId) {
    return LayerRecord.read(layers, name(diffId)).filter(r -> r.usableFor(diffId)).isPresent();
  }

  /**
   * Unpacks a layer unless it is there, once however many ask at the same time.
   *
   * @param stored opens the layer as stored, in any compression; called on a thread of this store
   */
  public CompletableFuture<Path> unpack(Digest diffId, Supplier<InputStream> stored) {
    return ready.compute(
        diffId,
        (_, known) ->
            known != null && !known.isCompletedExceptionally()
                ? known
                : CompletableFuture.supplyAsync(() -> unpackNow(diffId, stored), workers));
  }

  @Override
  public void offer(Digest diffId, Supplier<InputStream> stored) {
    var _ = unpack(diffId, stored); // its failure is told to whoever asks for the layer
  }

  @Override
  public void await(Collection<Digest> diffIds) {
    diffIds.stream().map(ready::get).filter(Objects::nonNull).forEach(LayerStore::join);
  }

  private Path unpackNow(Digest diffId, Supplier<InputStream> stored) {
    var name = name(diffId);
    try {
      if (contains(diffId)) {
        return path(name);
      }
      trash.discard(layers, name);
      var draft = UUID.randomUUID().toString();
      staging.makeDirectory(draft, 0700);
      try (var folder = staging.resolve(draft)) {
        FileLock.lock(folder.fd(), false);
        fill(folder, diffId, stored);
        settle(draft, name);
        workers.execute(() -> makeDurable(diffId));
      } finally {
        trash.discard(staging, draft);
      }
      return path(name);
    } catch (LinuxException e) {
      throw RootfsException.of("unpacking layer " + diffId.shortHex(), e);
    }
  }

  private void fill(Directory folder, Digest diffId, Supplier<InputStream> stored) {
    folder.makeDirectory(FILES, 0755);
    folder.changePermissions(FILES, 0755);
    try (var files = folder.resolve(FILES);
        var layer = LayerStream.open(stored.get(), diffId, limits);
        var unpacker = Unpacker.ofLayer(files, marks, ownership)) {
      var result = unpacker.unpack(layer);
      new LayerRecord(diffId, result.entries(), result.bytes(), LayerRecord.thisBoot())
          .write(folder);
    }
    try (var self = OpenFile.of(folder.fd().duplicate())) {
      self.changePermissions(0711);
    }
  }

  private void settle(String draft, String name) {
    try {
      staging.rename(draft, layers, name, RenameMode.NO_REPLACE);
    } catch (LinuxException e) {
      if (!e.is(Errno.EEXIST)) { // another process was faster with the same content
        throw e;
      }
    }
  }

  private void makeDurable(Digest diffId) {
    try (var folder = layers.resolve(name(diffId))) {
      try (var file = OpenFile.of(folder.fd().duplicate())) {
        file.syncFileSystem();
      }
      LayerRecord.markDurable(folder);
    } catch (LinuxException | RootfsException e) {
      // Collected meanwhile, or usable until the next boot only, and unpacked again then.
      LOG.log(Level.DEBUG, "layer {0} is not durable: {1}", diffId, e.getMessage());
    }
  }

  /** Bytes of the layer's files, 0 when it is not unpacked. */
  public long size(Digest diffId) {
    return LayerRecord.read(layers, name(diffId)).map(LayerRecord::bytes).orElse(0L);
  }

  /**
   * Removes every layer whose diffId is not in {@code live}: those of all images, and of all
   * instances, also of images removed by force. The files vanish in the background.
   */
  public void collect(Set<Digest> live) {
    var names = new HashSet<String>();
    live.forEach(diffId -> names.add(name(diffId)));
    ready.entrySet().removeIf(entry -> !live.contains(entry.getKey()) && entry.getValue().isDone());
    for (var entry : DirectoryEntry.list(layers.fd())) {
      boolean underWay = ready.keySet().stream().anyMatch(id -> name(id).equals(entry.name()));
      if (!names.contains(entry.name()) && !underWay) {
        trash.discard(layers, entry.name());
      }
    }
  }

  private void discardAbandoned() {
    for (var entry : DirectoryEntry.list(staging.fd())) {
      try (var folder = staging.resolve(entry.name())) {
        if (FileLock.tryLock(folder.fd(), false)) {
          trash.discard(staging, entry.name());
        }
      } catch (LinuxException e) {
        if (!e.is(Errno.ENOENT)) {
          throw e;
        }
      }
    }
  }

  // 128 bits of the digest: long enough that nobody finds two alike by chance, short enough for a
  // hundred of them in one mount; the record holds the whole digest against malice.
  private static String name(Digest diffId) {
    return diffId.hex().substring(0, 32);
  }

  private Path path(String name) {
    return root.resolve("layers").resolve(name).resolve(FILES);
  }

  /** Waits for removals under way; layers stay. */
  @Override
  public void close() {
    workers.close();
    trash.close();
    staging.close();
    layers.close();
  }
}
