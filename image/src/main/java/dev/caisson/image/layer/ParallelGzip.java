/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.layer;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/**
 * Compresses to one gzip member on all processors. Blocks of fixed size are deflated on their own,
 * each with the end of the one before as its dictionary, so the result depends on the input alone.
 */
public final class ParallelGzip {
  private static final int BLOCK = 1 << 20;
  private static final int DICTIONARY = 32 << 10;
  private static final int LEVEL = 5;
  // No name, no time, unknown system: nothing that differs between hosts. RFC 1952, 2.3
  private static final byte[] HEADER = {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 0, (byte) 0xff};
  private static final byte[] LAST_BLOCK = {3, 0};

  private ParallelGzip() {}

  /** Compresses all of {@code in}; closes neither stream. */
  public static void compress(InputStream in, OutputStream out) throws IOException {
    int threads = Runtime.getRuntime().availableProcessors();
    var crc = new CRC32();
    long size = 0;
    out.write(HEADER);
    try (var pool = Executors.newFixedThreadPool(threads)) {
      Deque<Future<byte[]>> pending = new ArrayDeque<>();
      var dictionary = new byte[0];
      for (var block = in.readNBytes(BLOCK); block.length > 0; block = in.readNBytes(BLOCK)) {
        crc.update(block);
        size += block.length;
        submit(pool, pending, block, dictionary);
        dictionary = end(block);
        if (pending.size() > 2 * threads) {
          out.write(result(pending.removeFirst()));
        }
      }
      while (!pending.isEmpty()) {
        out.write(result(pending.removeFirst()));
      }
    }
    out.write(LAST_BLOCK);
    littleEndian(out, crc.getValue());
    littleEndian(out, size);
  }

  private static void submit(
      ExecutorService pool, Deque<Future<byte[]>> pending, byte[] block, byte[] dictionary) {
    Callable<byte[]> work = () -> deflate(block, dictionary);
    pending.addLast(pool.submit(work));
  }

  private static byte[] end(byte[] block) {
    int length = Math.min(block.length, DICTIONARY);
    var end = new byte[length];
    System.arraycopy(block, block.length - length, end, 0, length);
    return end;
  }

  private static byte[] deflate(byte[] block, byte[] dictionary) {
    try (var deflater = new Deflater(LEVEL, true)) {
      if (dictionary.length > 0) {
        deflater.setDictionary(dictionary);
      }
      deflater.setInput(block);
      var out = new ByteArrayOutputStream(block.length / 2);
      var buffer = new byte[64 << 10];
      int n;
      do {
        n = deflater.deflate(buffer, 0, buffer.length, Deflater.SYNC_FLUSH);
        out.write(buffer, 0, n);
      } while (n == buffer.length);
      return out.toByteArray();
    }
  }

  private static byte[] result(Future<byte[]> pending) throws IOException {
    try {
      return pending.get();
    } catch (ExecutionException e) {
      throw new IOException("compression failed", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while compressing", e);
    }
  }

  private static void littleEndian(OutputStream out, long number) throws IOException {
    for (int i = 0; i < 4; i++) {
      out.write((int) (number >>> (8 * i)) & 0xff);
    }
  }
}
