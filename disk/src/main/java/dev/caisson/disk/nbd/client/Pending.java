/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.client;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.nbd.protocol.Command;
import dev.caisson.disk.nbd.protocol.MetaContext;
import dev.caisson.disk.nbd.protocol.ProtocolException;
import dev.caisson.disk.nbd.protocol.Request;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** A request that was sent and is not yet wholly answered. Used by the reading thread alone. */
final class Pending {
  final Request request;
  final CompletableFuture<Void> done = new CompletableFuture<>();

  /** What a block status told, in order. */
  final List<MetaContext.Run> runs = new ArrayList<>();

  private final ByteBuffer target;
  private final int start;
  private long received;
  private Optional<DiskException> failure = Optional.empty();

  /**
   * @param target where a read's data goes, from its position on; empty for all else
   */
  Pending(Request request, ByteBuffer target) {
    this.request = request;
    this.target = target;
    this.start = target.position();
  }

  boolean isRead() {
    return request.command() == Command.READ;
  }

  /**
   * The part of the target for a chunk.
   *
   * @throws ProtocolException if the chunk lies outside the request, or is one too many
   */
  ByteBuffer place(long offset, long length) throws ProtocolException {
    long from = offset - request.offset();
    if (!isRead() || length < 1 || from < 0 || length > request.length() - from) {
      throw new ProtocolException("data that was not asked for");
    }
    received += length;
    if (received > request.length()) {
      throw new ProtocolException("data that overlaps");
    }
    return target.slice(start + (int) from, (int) length);
  }

  void fail(DiskException reason) {
    failure = failure.or(() -> Optional.of(reason));
  }

  /** Tells the one who waits. */
  void finish() throws ProtocolException {
    if (failure.isPresent()) {
      done.completeExceptionally(failure.get());
      return;
    }
    if (isRead() && received != request.length()) {
      throw new ProtocolException("a read that ended early");
    }
    target.position(isRead() ? start + (int) request.length() : start);
    done.complete(null);
  }
}
