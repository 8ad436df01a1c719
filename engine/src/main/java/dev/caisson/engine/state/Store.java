/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.state;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import dev.caisson.engine.EngineException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Named values that survive the engine: one journal, appended to, rewritten when most of it is
 * stale. docs/decisions/0180.
 *
 * <p>What {@link #write} was given survives kill -9 of this process once it returns; what {@link
 * #sync} was called after survives a power cut. Several waiting for sync share one.
 */
public final class Store implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Store.class.getName());
  private static final String FILE = "journal";

  /** The number is the schema's; a store of a later one is refused. */
  private static final String HEADER = "caisson state 1\n";

  private static final long SMALLEST_TO_COMPACT = 4L << 20;

  private final Path directory;
  private final Reserve reserve;
  private final NavigableMap<String, byte[]> entries = new TreeMap<>();
  private final ReentrantLock writing = new ReentrantLock();
  private final ReentrantLock syncing = new ReentrantLock();
  private FileChannel journal;
  private long end;
  private long live;

  /** Counts all bytes ever appended by this process, so that compaction does not turn it back. */
  private volatile long written;

  private volatile long synced;

  private Store(Path directory, FileChannel journal) {
    this.directory = directory;
    this.reserve = new Reserve(directory.resolve("reserve"));
    this.journal = journal;
  }

  /**
   * Opens or makes the store. A torn or damaged end of the journal is cut off and kept aside.
   *
   * @throws EngineException UNSUPPORTED if a later version wrote it; IO
   */
  public static Store open(Path directory) {
    try {
      Files.createDirectories(directory);
      var channel = FileChannel.open(directory.resolve(FILE), READ, WRITE, CREATE);
      var store = new Store(directory, channel);
      store.load();
      store.reserve.make();
      return store;
    } catch (IOException e) {
      throw EngineException.io("cannot open the state in " + directory + ": " + e.getMessage(), e);
    }
  }

  private void load() throws IOException {
    var bytes = ByteBuffer.allocate(Math.toIntExact(journal.size()));
    while (bytes.hasRemaining() && journal.read(bytes) >= 0) {
      // reads until full
    }
    bytes.flip();
    if (bytes.remaining() < HEADER.length()) {
      journal.truncate(0);
      append(ByteBuffer.wrap(HEADER.getBytes(StandardCharsets.US_ASCII)));
      syncDirectory();
      return;
    }
    checkHeader(bytes);
    for (var frame = Frame.decode(bytes); frame.isPresent(); frame = Frame.decode(bytes)) {
      frame.get().forEach(this::apply);
    }
    if (bytes.hasRemaining()) {
      keepAside(bytes);
      journal.truncate(bytes.position());
    }
    end = bytes.position();
  }

  private void checkHeader(ByteBuffer bytes) {
    var header = new byte[HEADER.length()];
    bytes.get(header);
    var found = new String(header, StandardCharsets.US_ASCII);
    if (!found.equals(HEADER)) {
      throw EngineException.unsupported(
          "the state in " + directory + " was written by another version (" + found.strip() + ")",
          "use the Caisson that wrote it, or another --root");
    }
  }

  private void keepAside(ByteBuffer rest) throws IOException {
    var aside = directory.resolve(FILE + ".damaged");
    LOG.log(
        System.Logger.Level.WARNING,
        "cut {0} unreadable bytes off {1}; kept in {2}",
        rest.remaining(),
        directory.resolve(FILE),
        aside);
    try (var copy = FileChannel.open(aside, WRITE, CREATE, TRUNCATE_EXISTING)) {
      copy.write(rest.duplicate());
    }
  }

  private void apply(Change change) {
    var former =
        switch (change) {
          case Change.Put put -> entries.put(put.key(), put.value());
          case Change.Remove remove -> entries.remove(remove.key());
        };
    if (former != null) {
      live -= former.length;
    }
    if (change instanceof Change.Put put) {
      live += put.value().length;
    }
  }

  /** Every entry whose key begins with {@code prefix}, in the order of keys. */
  public Map<String, byte[]> entries(String prefix) {
    writing.lock();
    try {
      var found = new LinkedHashMap<String, byte[]>();
      for (var entry : entries.tailMap(prefix).entrySet()) {
        if (!entry.getKey().startsWith(prefix)) {
          break;
        }
        found.put(entry.getKey(), entry.getValue());
      }
      return found;
    } finally {
      writing.unlock();
    }
  }

  /** Makes these changes, all or none. */
  public void write(Change... changes) {
    write(List.of(changes));
  }

  /**
   * Makes these changes, all or none.
   *
   * @throws EngineException IO, with nothing changed, when the disk is full or broken
   */
  public void write(List<Change> changes) {
    var frame = Frame.encode(changes);
    writing.lock();
    try {
      appendOrUseReserve(frame, changes);
      changes.forEach(this::apply);
      if (end > SMALLEST_TO_COMPACT && end > 4 * live) {
        compact();
      }
    } catch (IOException e) {
      throw EngineException.io("cannot write the state in " + directory + ": " + e.getMessage(), e);
    } finally {
      writing.unlock();
    }
  }

  /**
   * On a full disk what is there can still be changed and removed: that is how room is made. New
   * entries find none.
   */
  private void appendOrUseReserve(ByteBuffer frame, List<Change> changes) throws IOException {
    try {
      append(frame);
      if (!reserve.isThere()) {
        reserve.make();
      }
    } catch (IOException e) {
      boolean isNew =
          changes.stream()
              .anyMatch(
                  change -> change instanceof Change.Put && !entries.containsKey(change.key()));
      if (isNew || !reserve.isThere()) {
        throw e;
      }
      reserve.use();
      append(frame.rewind());
    }
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // written is only added to under the writing lock
  private void append(ByteBuffer bytes) throws IOException {
    int length = bytes.remaining();
    try {
      long at = end;
      while (bytes.hasRemaining()) {
        at += journal.write(bytes, at);
      }
    } catch (IOException e) {
      journal.truncate(end); // a part of a frame would hide every later one
      throw e;
    }
    end += length;
    written += length;
  }

  /** Returns once everything written before survives a power cut. fdatasync(2) */
  public void sync() {
    long wanted = written;
    syncing.lock();
    try {
      if (synced >= wanted) {
        return;
      }
      long reached = written;
      current().force(false);
      synced = reached;
    } catch (IOException e) {
      throw EngineException.io("cannot sync the state in " + directory + ": " + e.getMessage(), e);
    } finally {
      syncing.unlock();
    }
  }

  private FileChannel current() {
    writing.lock();
    try {
      return journal;
    } finally {
      writing.unlock();
    }
  }

  /** Writes the live entries to a new journal and puts it in the old one's place. */
  private void compact() throws IOException {
    var fresh = directory.resolve(FILE + ".new");
    var channel = FileChannel.open(fresh, READ, WRITE, CREATE, TRUNCATE_EXISTING);
    long size = 0;
    for (var part : liveFrames()) {
      while (part.hasRemaining()) {
        size += channel.write(part, size);
      }
    }
    channel.force(false);
    syncing.lock(); // so that nobody syncs the channel that closes here
    try {
      Files.move(fresh, directory.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
      syncDirectory();
      journal.close();
      journal = channel;
      end = size;
      synced = written;
    } finally {
      syncing.unlock();
    }
  }

  private List<ByteBuffer> liveFrames() {
    var parts = new ArrayList<ByteBuffer>();
    parts.add(ByteBuffer.wrap(HEADER.getBytes(StandardCharsets.US_ASCII)));
    entries.forEach((key, value) -> parts.add(Frame.encode(List.of(new Change.Put(key, value)))));
    return parts;
  }

  private void syncDirectory() throws IOException {
    try (var channel = FileChannel.open(directory, READ)) {
      channel.force(true);
    }
  }

  @Override
  public void close() {
    sync();
    writing.lock();
    try {
      journal.close();
    } catch (IOException e) {
      throw EngineException.io("cannot close the state in " + directory, e);
    } finally {
      writing.unlock();
    }
  }
}
