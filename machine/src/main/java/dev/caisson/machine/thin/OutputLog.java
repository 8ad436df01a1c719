/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.sandbox.ability.Attachment;
import dev.caisson.sandbox.ability.Logged;
import dev.caisson.sandbox.workload.LogPolicy;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the first process wrote, in a few files of limited size: {@code output.0} is the newest.
 *
 * <p>Each record is a line or, of very long ones, a part: seconds (8 bytes), nanoseconds (4),
 * stream (1), length (4), bytes; big-endian. A record cut by a crash is where reading ends.
 */
final class OutputLog implements AutoCloseable {
  private static final int LONGEST_LINE = 16 << 10;
  private static final int RECORD_HEADER = 17;

  private final Path directory;
  private final LogPolicy policy;
  private final ByteBuffer[] lines = {
    ByteBuffer.allocate(LONGEST_LINE), ByteBuffer.allocate(LONGEST_LINE)
  };
  private @Nullable DataOutputStream current;
  private long size;
  private long generation;
  private boolean ended;
  private boolean lost; // told once, until something can be written again

  OutputLog(Path directory, LogPolicy policy) {
    this.directory = directory;
    this.policy = policy;
  }

  private Path file(int age) {
    return directory.resolve("output." + age);
  }

  /** Adds output of one stream; whole lines become records, a rest waits for its end. */
  synchronized void add(Attachment.Stream stream, ByteBuffer bytes) {
    ByteBuffer line = lines[stream.ordinal()];
    while (bytes.hasRemaining()) {
      byte next = bytes.get();
      line.put(next);
      if (next == '\n' || !line.hasRemaining()) {
        record(stream, line);
      }
    }
  }

  /** The run is over: what has no line end is written too, and followers finish. */
  synchronized void end() {
    for (Attachment.Stream stream : Attachment.Stream.values()) {
      if (lines[stream.ordinal()].position() > 0) {
        record(stream, lines[stream.ordinal()]);
      }
    }
    ended = true;
    close();
    notifyAll();
  }

  private void record(Attachment.Stream stream, ByteBuffer line) {
    line.flip();
    try {
      if (policy.files() > 0) {
        write(stream, line, Instant.now());
      }
      lost = false;
    } catch (IOException e) {
      // A full disk must not stop the workload; the stream goes on to those attached.
      dropHalf();
      System.getLogger(OutputLog.class.getName())
          .log(
              lost ? System.Logger.Level.DEBUG : System.Logger.Level.WARNING,
              "output of " + directory + " is lost",
              e);
      lost = true;
    }
    line.clear();
    notifyAll();
  }

  /** What follows when there is room again must not be read as the rest of this record. */
  private void dropHalf() {
    close();
    try (FileChannel file = FileChannel.open(file(0), StandardOpenOption.WRITE)) {
      file.truncate(size);
    } catch (IOException e) {
      System.getLogger(OutputLog.class.getName()).log(System.Logger.Level.DEBUG, "truncate", e);
    }
  }

  private void write(Attachment.Stream stream, ByteBuffer line, Instant now) throws IOException {
    if (size + RECORD_HEADER + line.remaining() > policy.fileBytes()) {
      rotate();
    }
    DataOutputStream out = current;
    if (out == null) {
      out =
          new DataOutputStream(
              Files.newOutputStream(file(0), StandardOpenOption.CREATE, StandardOpenOption.APPEND));
      current = out;
      size = Files.size(file(0));
    }
    ByteBuffer record = ByteBuffer.allocate(RECORD_HEADER + line.remaining());
    record.putLong(now.getEpochSecond()).putInt(now.getNano()).put((byte) stream.ordinal());
    record.putInt(line.remaining()).put(line);
    out.write(record.array());
    size += record.capacity();
  }

  private void rotate() throws IOException {
    close();
    generation++;
    size = 0;
    Files.deleteIfExists(file(policy.files() - 1));
    for (int age = policy.files() - 2; age >= 0; age--) {
      if (Files.exists(file(age))) {
        Files.move(file(age), file(age + 1), StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  /** A cursor over the records of a range. */
  Logged.Entries entries(Logged.Range range) {
    return new Cursor(range);
  }

  /** Records of all files, oldest first, behind those already seen. */
  private synchronized List<Logged.Entry> read() throws IOException {
    List<Logged.Entry> found = new ArrayList<>();
    for (int age = policy.files() - 1; age >= 0; age--) {
      if (Files.exists(file(age))) {
        readFile(file(age), found);
      }
    }
    return found;
  }

  private static void readFile(Path file, List<Logged.Entry> found) throws IOException {
    try (var in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
      while (true) {
        Instant time = Instant.ofEpochSecond(in.readLong(), in.readInt());
        var stream = in.readByte() == 0 ? Attachment.Stream.STDOUT : Attachment.Stream.STDERR;
        int length = in.readInt();
        if (length < 0 || length > LONGEST_LINE) {
          return;
        }
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
          return;
        }
        found.add(new Logged.Entry(time, stream, ByteBuffer.wrap(bytes)));
      }
    } catch (EOFException e) {
      return; // the end, or a record that a crash cut
    }
  }

  private final class Cursor implements Logged.Entries {
    private final Logged.Range range;
    private final ArrayDeque<Logged.Entry> waiting = new ArrayDeque<>();
    private long seen;
    private long seenGeneration;
    private boolean first = true;
    private boolean closed;

    Cursor(Logged.Range range) {
      this.range = range;
    }

    @Override
    public Optional<Logged.Entry> next() throws IOException {
      synchronized (OutputLog.this) {
        while (waiting.isEmpty()) {
          boolean last = ended || !range.follow();
          refill();
          if (!waiting.isEmpty()) {
            break;
          }
          if (last || closed) {
            return Optional.empty();
          }
          try {
            OutputLog.this.wait();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
          }
        }
        return Optional.of(waiting.removeFirst());
      }
    }

    private void refill() throws IOException {
      List<Logged.Entry> all = read();
      if (seenGeneration != generation) {
        // Files were rotated away: what is left counts from the oldest kept record again.
        seen = Math.min(seen, all.size());
        seenGeneration = generation;
      }
      List<Logged.Entry> fresh =
          all.stream()
              .skip(seen)
              .filter(entry -> !entry.time().isBefore(range.since()))
              .filter(entry -> entry.time().isBefore(range.until()))
              .toList();
      seen = all.size();
      int tail = first && range.tail() >= 0 ? range.tail() : fresh.size();
      first = false;
      waiting.addAll(fresh.subList(Math.max(0, fresh.size() - tail), fresh.size()));
    }

    @Override
    public void close() {
      synchronized (OutputLog.this) {
        closed = true;
        OutputLog.this.notifyAll();
      }
    }
  }

  @Override
  public synchronized void close() {
    DataOutputStream out = current;
    current = null;
    if (out != null) {
      try {
        out.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
