/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.vhost;

import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.io.EventCounter;
import dev.caisson.linux.io.Readiness;
import dev.caisson.linux.io.UnixSocket;
import dev.caisson.linux.process.NativeThread;
import dev.caisson.linux.process.ThreadEnd;
import dev.caisson.virtio.VirtioException;
import java.time.Duration;
import java.util.BitSet;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The connection to a back end, seen from the VMM. A back end that closes it, breaks the protocol
 * or does not answer is gone for good: each later call says so at once.
 */
final class BackEnd implements AutoCloseable {
  private static final long READER_STACK = 64 << 10;

  private final UnixSocket socket;
  private final Duration patience;
  private final ReentrantLock order = new ReentrantLock();
  private final EventCounter faults = EventCounter.create();
  private final Thread reader;
  private volatile @Nullable NativeThread reading;
  private boolean acknowledges;
  private @Nullable Awaited awaited;
  private @Nullable VirtioException gone;
  private @Nullable Consumer<VirtioException> listener;

  private record Awaited(int request, CompletableFuture<VhostMessage> answer) {}

  /**
   * @param socket connected; closed with this
   * @param patience for one answer
   */
  BackEnd(UnixSocket socket, Duration patience) {
    this.socket = socket;
    this.patience = patience;
    this.reader =
        Thread.ofPlatform()
            .name("vhost-user back end")
            .daemon()
            .stackSize(READER_STACK)
            .start(this::read);
  }

  /** From now on messages may ask for an acknowledgement. */
  void acknowledges() {
    acknowledges = true;
  }

  /** What a back end raises when it finds a ring at fault. */
  EventCounter faults() {
    return faults;
  }

  /** Who is told when the back end goes or finds a ring at fault; null for nobody. */
  synchronized void listener(@Nullable Consumer<VirtioException> next) {
    listener = next;
  }

  /** Sends what has no answer. */
  void tell(int request, byte[] payload, Fd... files) {
    order.lock();
    try {
      requireThere();
      send(request, 0, payload, files);
    } finally {
      order.unlock();
    }
  }

  /** Sends, and returns when the back end has done it and all before. */
  void confirm(int request, byte[] payload, Fd... files) {
    if (!acknowledges) {
      tell(request, payload, files);
      var _ = ask(VhostMessage.GET_FEATURES, new byte[0]); // answered in order
      return;
    }
    long refused = exchange(request, VhostMessage.NEED_REPLY, payload, files).u64(0);
    if (refused != 0) {
      throw VhostMessage.peer("the back end refused message " + request + ": " + refused);
    }
  }

  VhostMessage ask(int request, byte[] payload) {
    return exchange(request, 0, payload);
  }

  private VhostMessage exchange(int request, int flags, byte[] payload, Fd... files) {
    order.lock();
    try {
      var answer = new CompletableFuture<VhostMessage>();
      await(new Awaited(request, answer));
      send(request, flags, payload, files);
      return answer.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw end("message " + request + " was not answered within " + patience, e);
    } catch (ExecutionException e) {
      throw requireGone(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw end("interrupted while message " + request + " was answered", e);
    } finally {
      await(null);
      order.unlock();
    }
  }

  private void send(int request, int flags, byte[] payload, Fd... files) {
    try {
      VhostMessage.send(socket, request, flags, payload, files);
    } catch (LinuxException e) {
      throw end("it takes no messages: " + e.getMessage(), e);
    }
  }

  private synchronized void await(@Nullable Awaited next) {
    if (next != null) {
      requireThere();
    }
    awaited = next;
  }

  private synchronized void requireThere() {
    if (gone != null) {
      throw new VirtioException(gone.kind(), String.valueOf(gone.getMessage()), gone);
    }
  }

  private VirtioException requireGone(Exception cause) {
    requireThere();
    return VhostMessage.peer("no answer: " + cause.getMessage());
  }

  private void read() {
    reading = NativeThread.ofCurrentThread();
    try {
      while (true) {
        BitSet ready = Readiness.readable(-1, socket.fd(), faults.fd());
        if (ready.get(1) && faults.take() > 0) {
          tellListener(VirtioException.guest("its back end found a ring at fault"));
        }
        if (ready.get(0)) {
          Optional<VhostMessage> message = VhostMessage.receive(socket);
          if (message.isEmpty()) {
            var _ = end("it closed the connection", null);
            return;
          }
          deliver(message.get());
        }
      }
    } catch (VirtioException | LinuxException e) {
      var _ = end(String.valueOf(e.getMessage()), e);
    }
  }

  private void deliver(VhostMessage message) {
    message.close(); // no answer brings descriptors
    Awaited asked;
    synchronized (this) {
      asked = awaited;
    }
    if (asked == null || !message.isReply() || message.request() != asked.request()) {
      throw VhostMessage.peer("message " + message.request() + " that nobody asked for");
    }
    asked.answer().complete(message);
  }

  /** The first reason counts. */
  private VirtioException end(String reason, @Nullable Exception cause) {
    VirtioException first;
    Awaited asked;
    boolean news;
    synchronized (this) {
      news = gone == null;
      if (gone == null) {
        String message = "vhost-user: the back end is gone: " + reason;
        gone =
            cause == null
                ? new VirtioException(VirtioException.Kind.PEER, message)
                : new VirtioException(VirtioException.Kind.PEER, message, cause);
      }
      first = gone;
      asked = awaited;
    }
    socket.shutdown();
    if (asked != null) {
      asked.answer().completeExceptionally(first);
    }
    if (news) {
      tellListener(first);
    }
    return first;
  }

  private void tellListener(VirtioException what) {
    Consumer<VirtioException> told;
    synchronized (this) {
      told = listener;
    }
    if (told != null) {
      told.accept(what);
    }
  }

  /** A back end has the counter too, and may have made reading it wait. */
  private void interruptCall() {
    NativeThread now = reading;
    if (now != null) {
      now.kick();
    }
  }

  @Override
  public void close() {
    listener(null);
    socket.shutdown();
    ThreadEnd.await(reader, this::interruptCall);
    socket.close();
    faults.close();
  }
}
