/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.vhost;

import dev.caisson.linux.LinuxException;
import dev.caisson.linux.io.Channel;
import dev.caisson.linux.io.EventCounter;
import dev.caisson.linux.io.UnixSocket;
import dev.caisson.virtio.Features;
import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.device.DeviceQueue;
import dev.caisson.virtio.device.DeviceType;
import dev.caisson.virtio.device.VirtioDevice;
import dev.caisson.virtio.queue.VirtQueue;
import dev.caisson.virtio.transport.QueueWorker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** One connection of another VMM: it describes memory and queues, the device serves them. */
final class VhostSession implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(VhostSession.class.getName());
  private static final long PROTOCOL =
      ProtocolFeature.MULTIPLE_QUEUES | ProtocolFeature.REPLY_ACKNOWLEDGED;
  private static final int INDEX_MASK = 0xff;
  private static final int NO_DESCRIPTOR = 0x100;
  private static final int CONFIG_HEADER = 12;
  private static final int LARGEST_CONFIG = 256;

  private final UnixSocket socket;
  private final VirtioDevice device;
  private final Duration look;
  private final Vring[] rings;
  private final List<QueueWorker> workers = new ArrayList<>();
  private List<DeviceQueue> queues = List.of();
  private @Nullable VhostMemory memory;
  private volatile @Nullable UnixSocket channel;
  private long features;

  /**
   * @param look the longest that a queue's next request is looked for
   */
  VhostSession(UnixSocket socket, VirtioDevice device, Duration look) {
    this.socket = socket;
    this.device = device;
    this.look = look;
    this.rings =
        Stream.generate(Vring::new).limit(device.queueSizes().size()).toArray(Vring[]::new);
    device.onConfigChange(this::configurationChanged);
  }

  private void configurationChanged() {
    UnixSocket open = channel;
    if (open != null) {
      try {
        VhostMessage.tell(open, VhostMessage.CONFIG_CHANGED);
      } catch (LinuxException e) {
        closeChannel(); // it is full or no socket: nobody listens there
      }
    }
  }

  /** Serves until the peer closes. */
  void run() {
    while (true) {
      var message = VhostMessage.receive(socket);
      if (message.isEmpty()) {
        return;
      }
      try (VhostMessage received = message.get()) {
        boolean answered = handle(received);
        if (!answered && received.wantsAcknowledgement()) {
          received.reply(socket, 0);
        }
      }
    }
  }

  /** Answers whether a reply was sent. */
  private boolean handle(VhostMessage message) {
    return switch (message.request()) {
      case VhostMessage.GET_FEATURES -> {
        message.reply(socket, offered());
        yield true;
      }
      case VhostMessage.GET_PROTOCOL_FEATURES -> {
        message.reply(socket, protocol());
        yield true;
      }
      case VhostMessage.GET_QUEUE_COUNT -> {
        message.reply(socket, queueCount());
        yield true;
      }
      case VhostMessage.GET_CONFIG -> {
        configuration(message);
        yield true;
      }
      case VhostMessage.GET_VRING_BASE -> {
        stopDevice();
        Vring ring = ring(message.u32(0));
        ring.kick(null);
        long base = (long) ring.base(features) << 32;
        message.reply(socket, Integer.toUnsignedLong(message.u32(0)) | base);
        yield true;
      }
      default -> {
        change(message);
        yield false;
      }
    };
  }

  /** What is told about the session itself. */
  private long protocol() {
    // QEMU keeps the configuration of all others itself and warns of a back end that offers it;
    // it then has no use for a channel over which to hear of changes either.
    return device.type() == DeviceType.BLOCK
        ? PROTOCOL
            | ProtocolFeature.CONFIGURATION
            | ProtocolFeature.BACKEND_CHANNEL
            | ProtocolFeature.RESET_DEVICE
        : PROTOCOL;
  }

  /** What is told about the device and its driver. */
  private long offered() {
    return device.features() | Features.COMMON | ProtocolFeature.OFFERED;
  }

  private void change(VhostMessage message) {
    switch (message.request()) {
      case VhostMessage.SET_FEATURES -> {
        features = message.u64(0);
        if ((features & ~offered()) != 0) {
          throw VhostMessage.peer(
              "features 0x%x, of which not all were offered".formatted(features));
        }
        if (!Features.has(features, ProtocolFeature.OFFERED)) {
          Arrays.stream(rings).forEach(ring -> ring.enabled = true);
        }
      }
      case VhostMessage.SET_PROTOCOL_FEATURES, VhostMessage.SET_OWNER -> {}
      case VhostMessage.SET_BACKEND_CHANNEL -> {
        closeChannel();
        channel = UnixSocket.of(new Channel(message.descriptor()).nonBlocking().fd());
        message.taken();
      }
      case VhostMessage.RESET_OWNER -> stopDevice();
      case VhostMessage.RESET_DEVICE -> {
        stopDevice();
        device.reset();
      }
      case VhostMessage.SET_MEMORY_TABLE -> replaceMemory(message);
      case VhostMessage.SET_CONFIG -> writeConfiguration(message);
      default -> changeRing(message);
    }
  }

  /** What is told about one queue. */
  private void changeRing(VhostMessage message) {
    switch (message.request()) {
      case VhostMessage.SET_VRING_SIZE -> ring(message.u32(0)).size = message.u32(4);
      case VhostMessage.SET_VRING_BASE -> ring(message.u32(0)).base(message.u32(4));
      case VhostMessage.SET_VRING_ADDRESS -> {
        Vring ring = ring(message.u32(0));
        ring.descriptors = message.u64(8);
        ring.device = message.u64(16);
        ring.driver = message.u64(24);
      }
      case VhostMessage.SET_VRING_KICK -> {
        stopDevice();
        ring(message.u32(0) & INDEX_MASK).kick(counter(message));
        startDevice();
      }
      case VhostMessage.SET_VRING_CALL -> ring(message.u32(0) & INDEX_MASK).call(counter(message));
      case VhostMessage.SET_VRING_ERROR ->
          ring(message.u32(0) & INDEX_MASK).error(counter(message));
      case VhostMessage.SET_VRING_ENABLE -> {
        stopDevice();
        ring(message.u32(0)).enabled = message.u32(4) != 0;
        startDevice();
      }
      default -> {
        LOG.log(System.Logger.Level.DEBUG, "vhost-user request {0} ignored", message.request());
      }
    }
  }

  /** Network back ends count pairs, and have no control queue: the other VMM serves that itself. */
  private int queueCount() {
    return device.type() == DeviceType.NET ? rings.length / 2 : rings.length;
  }

  private Vring ring(int index) {
    if (index < 0 || index >= rings.length) {
      throw VhostMessage.peer("queue " + index + " of " + rings.length);
    }
    return rings[index];
  }

  private static @Nullable EventCounter counter(VhostMessage message) {
    if ((message.u64(0) & NO_DESCRIPTOR) != 0) {
      return null;
    }
    EventCounter counter = EventCounter.received(message.descriptor());
    message.taken();
    return counter;
  }

  private void replaceMemory(VhostMessage message) {
    stopDevice();
    VhostMemory next = VhostMemory.map(message);
    if (memory != null) {
      memory.close();
    }
    memory = next;
    startDevice();
  }

  /** A VMM may know more fields than the device has; those read as zero. */
  private void configuration(VhostMessage message) {
    int offset = message.u32(0);
    int size = message.u32(4);
    if (offset < 0 || size < 0 || offset > LARGEST_CONFIG - size) {
      message.reply(socket, MemorySegment.ofArray(new byte[0])); // as the protocol signals errors
      return;
    }
    message.need(CONFIG_HEADER);
    MemorySegment whole = MemorySegment.ofArray(new byte[LARGEST_CONFIG]);
    device.readConfig(whole.asSlice(0, device.configSize()));
    MemorySegment answer = MemorySegment.ofArray(new byte[CONFIG_HEADER + size]);
    MemorySegment.copy(message.payload(), 0, answer, 0, CONFIG_HEADER);
    MemorySegment.copy(whole, offset, answer, CONFIG_HEADER, size);
    message.reply(socket, answer);
  }

  private void writeConfiguration(VhostMessage message) {
    int size = message.u32(4);
    message.need(CONFIG_HEADER + Math.max(0L, size));
    if (size >= 0) {
      device.writeConfig(
          message.u32(0),
          message.payload().asSlice(CONFIG_HEADER, size).toArray(ValueLayout.JAVA_BYTE));
    }
  }

  /** Starts the device when memory and at least one queue are known. */
  private void startDevice() {
    VhostMemory known = memory;
    if (known == null || Arrays.stream(rings).noneMatch(Vring::ready)) {
      return;
    }
    queues = Arrays.stream(rings).map(ring -> open(known, ring)).toList();
    device.start(features, queues);
    for (int i = 0; i < rings.length; i++) {
      EventCounter kick = rings[i].kick;
      if (rings[i].ready() && kick != null) {
        Vring ring = rings[i];
        String name = device.type() + " queue " + i;
        workers.add(new QueueWorker(name, device, i, kick, fault -> broken(ring, fault)).start());
      }
    }
  }

  private DeviceQueue open(VhostMemory known, Vring ring) {
    if (!ring.ready()) {
      return DeviceQueue.absent();
    }
    VirtQueue queue =
        VirtQueue.open(known.guest(), ring.layout(known), features, ring.base(features));
    return new DeviceQueue(queue, ring::interrupt, fault -> broken(ring, fault), look);
  }

  private void broken(Vring ring, VirtioException fault) {
    LOG.log(System.Logger.Level.WARNING, "{0} is broken: {1}", device.type(), fault.getMessage());
    ring.fail();
  }

  private void stopDevice() {
    if (queues.isEmpty()) {
      return;
    }
    workers.forEach(QueueWorker::close);
    workers.clear();
    device.stop();
    for (int i = 0; i < rings.length; i++) {
      Vring ring = rings[i];
      queues.get(i).position().ifPresent(ring::base);
    }
    queues = List.of();
  }

  private void closeChannel() {
    UnixSocket open = channel;
    channel = null;
    if (open != null) {
      open.close();
    }
  }

  @Override
  public void close() {
    stopDevice();
    device.onConfigChange(() -> {});
    closeChannel();
    Arrays.stream(rings).forEach(Vring::close);
    if (memory != null) {
      memory.close();
    }
    socket.close();
  }
}
