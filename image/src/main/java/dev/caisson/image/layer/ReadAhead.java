/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.layer;

import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/**
 * Reads a stream on a thread of its own, a few buffers ahead of whoever consumes it, so that
 * unpacking and hashing overlap with what is done with the bytes.
 */
final class ReadAhead extends InputStream {
  private static final int BUFFERS = 6;
  private static final int BUFFER = 256 << 10;

  /** A buffer and how much of it is filled; -1 marks the end. */
  private static final class Chunk {
    final byte[] bytes;
    final int length;

    Chunk(byte[] bytes, int length) {
      this.bytes = bytes;
      this.length = length;
    }
  }

  private static final Chunk END = new Chunk(new byte[0], -1);

  private final InputStream in;
  private final MessageDigest hash;
  private final BlockingQueue<Chunk> full = new ArrayBlockingQueue<>(BUFFERS + 1);
  private final BlockingQueue<byte[]> empty = new ArrayBlockingQueue<>(BUFFERS);
  private final Thread thread;
  private volatile Optional<Throwable> failure = Optional.empty();
  private Chunk current = new Chunk(new byte[0], 0);
  private int position;

  private ReadAhead(InputStream in, MessageDigest hash) {
    this.in = in;
    this.hash = hash;
    for (int i = 0; i < BUFFERS; i++) {
      empty.add(new byte[BUFFER]);
    }
    this.thread = Thread.ofPlatform().daemon().name("layer-reader").unstarted(this::produce);
  }

  /**
   * Starts reading {@code in}.
   *
   * @param hash sees every byte, on the reading thread; complete once the end was seen
   */
  static ReadAhead of(InputStream in, MessageDigest hash) {
    var stream = new ReadAhead(in, hash);
    stream.thread.start();
    return stream;
  }

  private void produce() {
    try {
      while (true) {
        var bytes = empty.take();
        int n = in.readNBytes(bytes, 0, bytes.length);
        if (n == 0) {
          break;
        }
        var chunk = new Chunk(bytes, n);
        hash.update(bytes, 0, n);
        full.put(chunk);
      }
    } catch (InterruptedException _) {
      // closed early; nobody reads any more
    } catch (Throwable t) {
      failure = Optional.of(t);
    }
    full.offer(END);
  }

  @Override
  public int read() throws IOException {
    var one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (position == current.length && !advance()) {
      return -1;
    }
    int n = Math.min(length, current.length - position);
    System.arraycopy(current.bytes, position, bytes, offset, n);
    position += n;
    return n;
  }

  private boolean advance() throws IOException {
    if (current.length < 0) {
      return false;
    }
    try {
      if (current.length > 0) {
        empty.put(current.bytes);
      }
      current = full.take();
      position = Math.min(0, current.length);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while reading a layer", e);
    }
    if (current.length < 0) {
      position = current.length;
      rethrow();
      return false;
    }
    return true;
  }

  private void rethrow() throws IOException {
    if (failure.isPresent()) {
      switch (failure.get()) {
        case IOException e -> throw e;
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        default -> throw new IOException(failure.get());
      }
    }
  }

  @Override
  public void close() throws IOException {
    thread.interrupt();
    in.close();
  }
}
