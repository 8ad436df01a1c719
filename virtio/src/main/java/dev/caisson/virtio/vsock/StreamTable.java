/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.vsock;

import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.device.DeviceQueue;
import dev.caisson.virtio.queue.Chain;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The streams between one guest and the host.
 *
 * <p>What the host still has to say of a stream is a set of bits; answers to packets of unknown
 * streams are at most 64, and while so many are unsent nothing more is taken from the guest. So
 * whatever a guest sends, it occupies no more than its streams do.
 */
final class StreamTable {
  static final long HOST = 2;

  // What is to be said of a stream.
  static final int REQUEST = 1;
  static final int RESPONSE = 1 << 1;
  static final int CREDIT = 1 << 2;
  static final int END_OUTPUT = 1 << 3;
  static final int END = 1 << 4;
  static final int RESET = 1 << 5;
  private static final int LAST_WORDS = END | RESET;

  private static final int MOST_STREAMS = 1024;
  private static final int MOST_RESETS = 64;
  private static final int FIRST_PORT = 1 << 30;
  private static final int BOTH = Packet.NO_RECEIVE | Packet.NO_SEND;

  private final long guest;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Long, VsockStream> streams = new HashMap<>();
  private final Map<Integer, VsockListener> listeners = new HashMap<>();
  private final Map<VsockStream, Integer> unsaid = new LinkedHashMap<>();
  private final Queue<Packet> resets = new ArrayDeque<>();
  private DeviceQueue toGuest = DeviceQueue.absent();
  private DeviceQueue fromGuest = DeviceQueue.absent();
  private int nextPort = FIRST_PORT;
  private long forged;

  StreamTable(long guest) {
    this.guest = guest;
  }

  ReentrantLock lock() {
    return lock;
  }

  long guest() {
    return guest;
  }

  /** Packets that named another sender or receiver. */
  long forged() {
    lock.lock();
    try {
      return forged;
    } finally {
      lock.unlock();
    }
  }

  void start(DeviceQueue input, DeviceQueue output) {
    lock.lock();
    try {
      toGuest = input;
      fromGuest = output;
      streams.values().forEach(VsockStream::wake);
    } finally {
      lock.unlock();
    }
  }

  void stop() {
    start(DeviceQueue.absent(), DeviceQueue.absent());
  }

  /** All streams are over: the guest knows none of them any more. */
  void reset() {
    lock.lock();
    try {
      new ArrayList<>(streams.values()).forEach(this::drop);
      unsaid.clear();
      resets.clear();
    } finally {
      lock.unlock();
    }
  }

  void close() {
    reset();
    lock.lock();
    try {
      new ArrayList<>(listeners.values()).forEach(VsockListener::close);
    } finally {
      lock.unlock();
    }
  }

  /** Begins a stream; empty when there are too many. */
  @Nullable VsockStream connect(int guestPort) {
    if (streams.size() >= MOST_STREAMS) {
      return null;
    }
    while (streams.containsKey(key(nextPort, guestPort))) {
      nextPort = nextPort == Integer.MAX_VALUE ? FIRST_PORT : nextPort + 1;
    }
    var stream = new VsockStream(this, nextPort, guestPort, false);
    nextPort = nextPort == Integer.MAX_VALUE ? FIRST_PORT : nextPort + 1;
    streams.put(key(stream.hostPort(), guestPort), stream);
    say(stream, REQUEST);
    return stream;
  }

  VsockListener listen(int port) {
    lock.lock();
    try {
      var listener = new VsockListener(this, port);
      if (listeners.putIfAbsent(port, listener) != null) {
        throw new IllegalArgumentException(
            "vsock port " + Integer.toUnsignedLong(port) + " is taken");
      }
      return listener;
    } finally {
      lock.unlock();
    }
  }

  void remove(VsockListener listener) {
    listeners.remove(listener.port(), listener);
  }

  private static long key(int hostPort, int guestPort) {
    return (long) hostPort << 32 | Integer.toUnsignedLong(guestPort);
  }

  private void drop(VsockStream stream) {
    streams.remove(key(stream.hostPort(), stream.guestPort()), stream);
    unsaid.remove(stream);
    VsockListener listener = listeners.get(stream.hostPort());
    if (listener != null) {
      listener.withdraw(stream);
    }
    stream.end();
  }

  /** Queues are looked at: packets of the guest, and room for ours. */
  void kicked() {
    lock.lock();
    try {
      hearAll();
      tellAll();
      hearAll(); // what waited for unsent answers
      streams.values().forEach(VsockStream::wake);
    } finally {
      lock.unlock();
    }
  }

  private void hearAll() {
    DeviceQueue queue = fromGuest; // an answer that finds the other queue broken takes both away
    do {
      boolean any = false;
      for (Chain chain = next(queue); chain != null; chain = next(queue)) {
        Packet.read(chain.readable()).ifPresent(hear(chain));
        queue.complete(chain, 0);
        any = true;
      }
      if (any) {
        queue.flush();
      }
    } while (resets.size() < MOST_RESETS && queue.enableKicks());
  }

  private @Nullable Chain next(DeviceQueue queue) {
    return resets.size() < MOST_RESETS ? queue.poll() : null;
  }

  private Consumer<Packet> hear(Chain chain) {
    return packet -> {
      if (packet.fromCid() != guest || packet.toCid() != HOST) {
        forged++;
        return;
      }
      VsockStream stream = streams.get(key(packet.toPort(), packet.fromPort()));
      if (packet.type() != Packet.STREAM || (stream == null && !opens(packet))) {
        refuse(packet);
      } else if (stream != null) {
        stream.credit(packet);
        if (!hear(stream, packet, chain)) {
          drop(stream);
          refuse(packet);
        }
      }
    };
  }

  private void refuse(Packet packet) {
    if (packet.operation() != Packet.RESET) {
      resets.add(packet.resetAnswer());
    }
  }

  /** Whether a packet opened a stream. */
  private boolean opens(Packet packet) {
    VsockListener listener = listeners.get(packet.toPort());
    if (packet.operation() != Packet.REQUEST
        || listener == null
        || !listener.hasRoom()
        || streams.size() >= MOST_STREAMS) {
      return false;
    }
    var stream = new VsockStream(this, packet.toPort(), packet.fromPort(), true);
    stream.credit(packet);
    streams.put(key(packet.toPort(), packet.fromPort()), stream);
    listener.offer(stream);
    say(stream, RESPONSE);
    return true;
  }

  /** Whether the packet fits the stream. */
  private boolean hear(VsockStream stream, Packet packet, Chain chain) {
    switch (packet.operation()) {
      case Packet.RESPONSE -> {
        if (!stream.connecting()) {
          return false;
        }
        stream.opened();
      }
      case Packet.DATA -> {
        return !stream.connecting() && stream.accept(chain.readable(), packet.length());
      }
      case Packet.SHUTDOWN -> {
        if (stream.shutdown(packet.flags())) {
          drop(stream);
          refuse(packet); // the guest waits for a reset to forget the stream
        }
      }
      case Packet.RESET -> drop(stream);
      case Packet.CREDIT_UPDATE -> {}
      case Packet.CREDIT_REQUEST -> say(stream, CREDIT);
      default -> {
        return false;
      }
    }
    return true;
  }

  /** Remembers what is to be said of a stream, and says it if there is room. */
  void say(VsockStream stream, int what) {
    if ((what & LAST_WORDS) != 0) {
      int before = unsaid.getOrDefault(stream, 0);
      streams.remove(key(stream.hostPort(), stream.guestPort()), stream);
      if ((before & REQUEST) != 0) {
        unsaid.remove(stream); // the guest never heard of it
        return;
      }
      if (unsaid.size() >= 2 * MOST_STREAMS) {
        unsaid.remove(stream); // it learns with its next packet
        return;
      }
    }
    unsaid.merge(stream, what, (a, b) -> a | b);
    try {
      tellAll();
    } catch (VirtioException fault) {
      toGuest.fail(fault);
      stop();
    }
  }

  private void tellAll() {
    do {
      boolean any = false;
      while (!resets.isEmpty() || !unsaid.isEmpty()) {
        Chain chain = toGuest.poll();
        if (chain == null) {
          break;
        }
        put(chain, resets.isEmpty() ? nextSaid() : resets.remove());
        any = true;
      }
      if (any) {
        toGuest.flush();
      }
    } while ((!resets.isEmpty() || !unsaid.isEmpty()) && toGuest.enableKicks());
  }

  private void put(Chain chain, Packet packet) {
    if (chain.writable().length() < Packet.SIZE) {
      throw VirtioException.guest("no room in a buffer for a vsock packet");
    }
    chain.writable().copyFrom(MemorySegment.ofArray(packet.encode()), 0);
    toGuest.complete(chain, Packet.SIZE);
  }

  private Packet nextSaid() {
    Iterator<Map.Entry<VsockStream, Integer>> all = unsaid.entrySet().iterator();
    Map.Entry<VsockStream, Integer> first = all.next();
    VsockStream stream = first.getKey();
    int bit = Integer.lowestOneBit(first.getValue());
    if (bit == first.getValue()) {
      all.remove();
    } else {
      first.setValue(first.getValue() & ~bit);
    }
    return switch (bit) {
      case REQUEST -> stream.packet(Packet.REQUEST, 0, 0);
      case RESPONSE -> stream.packet(Packet.RESPONSE, 0, 0);
      case CREDIT -> stream.packet(Packet.CREDIT_UPDATE, 0, 0);
      case END_OUTPUT -> stream.packet(Packet.SHUTDOWN, Packet.NO_SEND, 0);
      case END -> stream.packet(Packet.SHUTDOWN, BOTH, 0);
      default -> stream.packet(Packet.RESET, 0, 0);
    };
  }

  /** Sends as much as the guest has room for. */
  void send(VsockStream stream, ByteBuffer source) {
    if (stream.connecting()) {
      return;
    }
    try {
      tellAll();
      do {
        boolean any = false;
        while (source.hasRemaining() && stream.sendable() > 0) {
          Chain chain = toGuest.poll();
          if (chain == null) {
            break;
          }
          sendPart(stream, source, chain);
          any = true;
        }
        if (any) {
          toGuest.flush();
        }
      } while (source.hasRemaining() && stream.sendable() > 0 && toGuest.enableKicks());
    } catch (VirtioException fault) {
      toGuest.fail(fault);
      stop();
    }
  }

  private void sendPart(VsockStream stream, ByteBuffer source, Chain chain) {
    long room = chain.writable().length() - Packet.SIZE;
    if (room <= 0) {
      throw VirtioException.guest("no room in a buffer for vsock data");
    }
    int count = (int) Math.min(Math.min(room, source.remaining()), stream.sendable());
    byte[] header = stream.packet(Packet.DATA, 0, count).encode();
    chain.writable().copyFrom(MemorySegment.ofArray(header), 0);
    MemorySegment data = MemorySegment.ofBuffer(source).asSlice(0, count);
    chain.writable().skip(Packet.SIZE).copyFrom(data, 0);
    source.position(source.position() + count);
    stream.sent(count);
    toGuest.complete(chain, Packet.SIZE + (long) count);
  }
}
