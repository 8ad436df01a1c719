/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.vhost;

import dev.caisson.linux.Fd;
import dev.caisson.linux.io.EventCounter;
import dev.caisson.linux.io.Memfd;
import dev.caisson.linux.io.Readiness;
import dev.caisson.linux.io.SocketKind;
import dev.caisson.linux.io.UnixSocket;
import dev.caisson.linux.memory.Mapping;
import dev.caisson.linux.node.OpenNode;
import dev.caisson.virtio.driver.TestDriver;
import dev.caisson.virtio.driver.TestGuest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** What another VMM does: it owns the guest's memory and tells a back end of it. */
final class FrontEnd implements AutoCloseable {
  private static final long USER = 0x7000_0000_0000L;
  private static final int VERSION = 1;
  private static final int FRESH_PACKED = 0x8000_8000; // both wrap counters begin with 1

  final TestGuest guest;
  final List<EventCounter> calls = new ArrayList<>();
  final List<EventCounter> errors = new ArrayList<>();
  private final List<EventCounter> kicks = new ArrayList<>();
  private final List<EventCounter> made = new ArrayList<>();
  private final boolean packed;
  private final Fd file;
  private final Mapping mapping;
  private UnixSocket socket;

  FrontEnd(Path path, long size, boolean packed) {
    this(path, Memfd.create("front-end"), size, packed);
  }

  FrontEnd(Path path, Fd file, long size, boolean packed) {
    this.file = file;
    this.packed = packed;
    try (OpenNode sized = OpenNode.of(file.duplicate())) {
      sized.truncate(size);
    }
    mapping = Mapping.shared(file, 0, size);
    guest = new TestGuest(mapping.bytes(), packed);
    socket = UnixSocket.connect(path, SocketKind.STREAM);
  }

  void reconnect(Path path) {
    socket.close();
    socket = UnixSocket.connect(path, SocketKind.STREAM);
  }

  static ByteBuffer bytes(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  void send(int request, byte[] payload, Fd... files) {
    ByteBuffer message = bytes(12 + payload.length);
    message.putInt(request).putInt(VERSION).putInt(payload.length).put(payload);
    socket.sendFully(message.array(), files);
  }

  /** A message with the memory's descriptor, whether it belongs there or not. */
  void sendMemory(int request, byte[] payload) {
    send(request, payload, file);
  }

  /** A message of some form, often one that could be meant, with what descriptors there are. */
  void anything(Random random) {
    int request = 1 + random.nextInt(40);
    switch (random.nextInt(6)) {
      case 0 -> tellMemory();
      case 1 -> {
        TestDriver driver = guest.queue(16, 0);
        attach(random.nextInt(3), random.nextBoolean() ? 16 : random.nextInt(), driver, 0);
      }
      default -> {
        byte[] payload = new byte[random.nextInt(72)];
        random.nextBytes(payload);
        for (int i = 0; i < payload.length && random.nextBoolean(); i++) {
          payload[i] = (byte) random.nextInt(3);
        }
        Fd[] all = new Fd[payload.length == 0 ? 0 : random.nextInt(4)];
        for (int i = 0; i < all.length; i++) {
          all[i] = random.nextBoolean() || kicks.isEmpty() ? file : kicks.getFirst().fd();
        }
        send(request, payload, all);
      }
    }
  }

  void sendRaw(byte[] bytes) {
    socket.sendFully(bytes);
  }

  /** The payload of the next message; empty when the back end closed. */
  ByteBuffer receive() {
    ByteBuffer header = fill(12);
    return header.hasRemaining() ? fill(header.getInt(8)) : header;
  }

  private ByteBuffer fill(int size) {
    MemorySegment target = Arena.ofAuto().allocate(Math.max(1, size));
    int done = 0;
    while (done < size) {
      int count = socket.receive(target.asSlice(done, size - done), new ArrayList<>());
      if (count == 0) {
        return bytes(0);
      }
      done += count;
    }
    return target.asSlice(0, size).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  long ask(int request) {
    send(request, new byte[0]);
    return receive().getLong(0);
  }

  void tellMemory() {
    ByteBuffer table = bytes(40).putInt(1).putInt(0);
    table.putLong(0).putLong(mapping.size()).putLong(USER).putLong(0);
    send(VhostMessage.SET_MEMORY_TABLE, table.array(), file);
  }

  /** A queue with its counters, enabled. */
  TestDriver queue(int index, int size, long features, int base) {
    TestDriver driver = guest.queue(size, features);
    attach(index, size, driver, packed && base == 0 ? FRESH_PACKED : base);
    return driver;
  }

  void attach(int index, int size, TestDriver driver, int base) {
    var layout = driver.layout();
    send(VhostMessage.SET_VRING_SIZE, bytes(8).putInt(index).putInt(size).array());
    send(VhostMessage.SET_VRING_BASE, bytes(8).putInt(index).putInt(base).array());
    ByteBuffer address = bytes(40).putInt(index).putInt(0).putLong(USER + layout.descriptors());
    address.putLong(USER + layout.device()).putLong(USER + layout.driver());
    send(VhostMessage.SET_VRING_ADDRESS, address.array());
    counter(VhostMessage.SET_VRING_CALL, index, calls);
    counter(VhostMessage.SET_VRING_ERROR, index, errors);
    counter(VhostMessage.SET_VRING_KICK, index, kicks);
    send(VhostMessage.SET_VRING_ENABLE, bytes(8).putInt(index).putInt(1).array());
  }

  private void counter(int request, int index, List<EventCounter> all) {
    var counter = EventCounter.create();
    made.add(counter);
    while (all.size() <= index) {
      all.add(counter);
    }
    all.set(index, counter);
    send(request, bytes(8).putLong(index).array(), counter.fd());
  }

  /** Takes the memory away from under the back end, and from ourselves. */
  long shrink() {
    try (OpenNode sized = OpenNode.of(file.duplicate())) {
      return sized.truncate(0);
    }
  }

  void kick(int index) {
    kicks.get(index).signal();
  }

  /** Waits for a counter; whether it was raised within 60 s. */
  static boolean raised(EventCounter counter) {
    return !Readiness.readable(60_000, counter.fd()).isEmpty() && counter.take() > 0;
  }

  @Override
  public void close() {
    socket.close();
    made.forEach(EventCounter::close);
    guest.close();
    mapping.close();
    file.close();
  }
}
