/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.process;

import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.io.Message;
import dev.caisson.linux.io.UnixSocket;
import dev.caisson.vmm.VmmException;
import dev.caisson.vmm.machine.MachineEnd;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The owner's end of the socket to a {@link MachineProcess}. What comes from there may be a guest's
 * that took the process over: it is a report, or the link ends.
 */
public final class MachineLink implements AutoCloseable {
  private static final String GONE = "the machine's process is gone";
  private static final long STACK = 128 << 10;

  private final UnixSocket socket;
  private final CompletableFuture<MachineEnd> ended = new CompletableFuture<>();
  private final Thread reader;
  private @Nullable CompletableFuture<MachineReport> awaited;
  private boolean over;

  /**
   * @param socket closed with the link
   */
  public MachineLink(UnixSocket socket, String name) {
    this.socket = socket;
    this.reader =
        Thread.ofPlatform().daemon().name("reports of " + name).stackSize(STACK).start(this::read);
  }

  /** Completes with how the machine ended; exceptionally if its process does not say. */
  public CompletableFuture<MachineEnd> ended() {
    return ended.copy();
  }

  /**
   * Has a process run a machine; returns when its first instruction can run.
   *
   * @param files as {@link MachineOrder} says; they stay the caller's
   * @throws VmmException as making a machine does; HOST when the process is silent or gone
   */
  public void begin(MachineOrder order, List<Fd> files, Duration patience) {
    if (files.size() != order.descriptors()) {
      throw new IllegalArgumentException(files.size() + " descriptors");
    }
    exchange(order.encode(), patience, files.toArray(Fd[]::new));
  }

  /**
   * Gives an order and returns when it is carried out.
   *
   * @param order one of {@link MachineProcess}'s
   * @throws VmmException WRONG_STATE after the machine's end; HOST when the process is silent
   */
  public void order(char order, Duration patience) {
    exchange(new byte[] {(byte) order}, patience);
  }

  private synchronized CompletableFuture<MachineReport> await() {
    if (over) {
      throw new VmmException(VmmException.Kind.WRONG_STATE, "the machine has ended");
    }
    var answer = new CompletableFuture<MachineReport>();
    awaited = answer;
    return answer;
  }

  private void exchange(byte[] message, Duration patience, Fd... files) {
    CompletableFuture<MachineReport> answer = await();
    try {
      socket.sendFully(message, files);
      if (answer.get(patience.toMillis(), TimeUnit.MILLISECONDS)
          instanceof MachineReport.Refused refused) {
        throw new VmmException(refused.kind(), refused.reason());
      }
    } catch (ExecutionException e) {
      throw e.getCause() instanceof VmmException known
              && known.kind() == VmmException.Kind.WRONG_STATE
          ? known
          : new VmmException(VmmException.Kind.HOST, GONE, e);
    } catch (LinuxException e) {
      throw new VmmException(VmmException.Kind.HOST, GONE, e);
    } catch (TimeoutException e) {
      throw new VmmException(
          VmmException.Kind.HOST, "the machine's process is silent for " + patience, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new VmmException(VmmException.Kind.HOST, "interrupted", e);
    }
  }

  private void read() {
    try {
      while (true) {
        try (Message message = socket.receive(MachineReport.LONGEST)) {
          if (message.bytes().length == 0) {
            finish(new VmmException(VmmException.Kind.HOST, GONE));
            return;
          }
          MachineReport report = MachineReport.parse(message.bytes());
          if (report instanceof MachineReport.Ended end) {
            // The last word: whatever a guest that took the process over may add, nobody reads it.
            ended.complete(new MachineEnd(end.kind(), end.cause()));
            finish(new VmmException(VmmException.Kind.WRONG_STATE, "the machine has ended"));
            return;
          }
          take(report);
        }
      }
    } catch (LinuxException | VmmException e) {
      socket.shutdown(); // its process ends with it
      finish(e);
    }
  }

  private synchronized void take(MachineReport report) {
    if (awaited == null) {
      throw new VmmException(VmmException.Kind.INVALID, "a report nobody asked for");
    }
    awaited.complete(report);
    awaited = null;
  }

  private void finish(Exception reason) {
    synchronized (this) {
      over = true;
      if (awaited != null) {
        awaited.completeExceptionally(reason);
      }
    }
    ended.completeExceptionally(reason);
  }

  /** The process ends then, and its machine. */
  @Override
  public void close() {
    socket.shutdown();
    try {
      reader.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    socket.close();
  }
}
