/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.vhost;

import dev.caisson.linux.Fd;
import dev.caisson.linux.io.UnixSocket;
import dev.caisson.linux.net.MacAddress;
import dev.caisson.virtio.Features;
import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.device.DeviceType;
import dev.caisson.virtio.device.ForeignDevice;
import dev.caisson.virtio.queue.GuestMemory;
import dev.caisson.virtio.queue.LittleEndian;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * A device that a vhost-user back end serves: {@link VhostUserServer}, virtiofsd, or any other.
 * docs/interop/vhost-user in QEMU's manual, the front end's side
 *
 * <p>A back end that goes, lies or stays silent breaks the device until the driver resets it; then
 * the device cannot start. It has the guest's whole memory: choose whom you connect to.
 */
public final class VhostUserDevice implements ForeignDevice {
  private static final System.Logger LOG = System.getLogger(VhostUserDevice.class.getName());

  /** For one answer: a back end that stops a queue finishes what it has begun first. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  // Split rings alone: back ends differ in how they count positions in packed ones.
  private static final long COMMON =
      Features.INDIRECT_DESCRIPTORS | Features.EVENT_INDEX | Features.VERSION_1;
  private static final long DEVICE_BITS = (1L << 24) - 1;
  private static final long NET_HARDWARE_ADDRESS = 1L << 5;
  private static final long NET_MTU = 1L << 3;

  /**
   * Checksums, segmentation and merged buffers: what needs no control queue, nor more than one
   * pair.
   */
  private static final long NET_BITS = 0x1_ffff & ~(1L << 2) & ~(1L << 16);

  private static final long WANTED =
      ProtocolFeature.MULTIPLE_QUEUES
          | ProtocolFeature.REPLY_ACKNOWLEDGED
          | ProtocolFeature.CONFIGURATION
          | ProtocolFeature.RESET_DEVICE;
  private static final int TAG = 36;
  private static final int FILE_QUEUE = 1024;
  private static final int OTHER_QUEUE = 256;
  private static final int BLOCK_CONFIGURATION = 60;
  private static final int BLOCK_QUEUES_AT = 34;
  private static final long BLOCK_MULTIPLE_QUEUES = 1L << 12;
  private static final int MOST_QUEUES = 64;
  private static final int CONFIG_HEADER = 12;

  private final DeviceType type;
  private final BackEnd backEnd;
  private final long offered;
  private final long theirs;
  private final long protocol;
  private final List<Integer> sizes;
  private final boolean remoteConfiguration;
  private volatile byte[] configuration;
  private List<Integer> started = List.of();

  /** What is fixed by who asks, before the back end was. */
  private record Wish(DeviceType type, long bits, long own, int queues, byte[] configuration) {}

  private VhostUserDevice(Wish wish, UnixSocket socket, Duration patience) {
    this.type = wish.type;
    this.backEnd = new BackEnd(socket, patience);
    try {
      backEnd.tell(VhostMessage.SET_OWNER, new byte[0]);
      this.theirs = backEnd.ask(VhostMessage.GET_FEATURES, new byte[0]).u64(0);
      if (!Features.has(theirs, Features.VERSION_1)) {
        throw VhostMessage.peer("the back end knows nothing of virtio 1");
      }
      this.protocol = negotiate();
      this.offered = (theirs & (COMMON | wish.bits)) | wish.own;
      this.remoteConfiguration = wish.configuration.length == 0;
      this.configuration = wish.configuration;
      if (remoteConfiguration) {
        refresh();
      }
      this.sizes = sizes(wish.queues);
    } catch (RuntimeException e) {
      backEnd.close();
      throw e;
    }
  }

  /**
   * Files of another process.
   *
   * @param socket connected to the back end; closed with the device, or when this fails
   * @param tag what the guest mounts, 1 to 36 bytes
   * @param requestQueues queues beside the one for urgent requests, 1 to 63
   * @throws VirtioException PEER when it is no such back end
   */
  public static VhostUserDevice files(UnixSocket socket, String tag, int requestQueues) {
    byte[] name = tag.getBytes(StandardCharsets.UTF_8);
    if (name.length == 0 || name.length > TAG || requestQueues < 1) {
      socket.close();
      throw new IllegalArgumentException("tag \"" + tag + "\", " + requestQueues + " queues");
    }
    ByteBuffer config = bytes(TAG + 4).put(0, name).putInt(TAG, requestQueues);
    Wish wish = new Wish(DeviceType.FILE_SYSTEM, 0, 0, 1 + requestQueues, config.array());
    return new VhostUserDevice(wish, socket, PATIENCE);
  }

  /**
   * A disk of another process, which says itself how large it is.
   *
   * @param socket as for {@link #files}
   */
  public static VhostUserDevice block(UnixSocket socket) {
    return block(socket, PATIENCE);
  }

  static VhostUserDevice block(UnixSocket socket, Duration patience) {
    return new VhostUserDevice(
        new Wish(DeviceType.BLOCK, DEVICE_BITS, 0, 0, new byte[0]), socket, patience);
  }

  /**
   * A network card whose other side is another process: one pair of queues, no control queue.
   *
   * @param socket as for {@link #files}
   * @param mtu 68 to 65535
   */
  public static VhostUserDevice network(UnixSocket socket, MacAddress mac, int mtu) {
    ByteBuffer config = bytes(12).put(0, mac.toBytes());
    config.putShort(6, (short) 1).putShort(8, (short) 1).putShort(10, (short) mtu);
    long own = NET_HARDWARE_ADDRESS | NET_MTU;
    return new VhostUserDevice(
        new Wish(DeviceType.NET, NET_BITS, own, 2, config.array()), socket, PATIENCE);
  }

  private long negotiate() {
    if (!Features.has(theirs, ProtocolFeature.OFFERED)) {
      return 0;
    }
    long agreed = backEnd.ask(VhostMessage.GET_PROTOCOL_FEATURES, new byte[0]).u64(0) & WANTED;
    backEnd.tell(VhostMessage.SET_PROTOCOL_FEATURES, bytes(8).putLong(agreed).array());
    if ((agreed & ProtocolFeature.REPLY_ACKNOWLEDGED) != 0) {
      backEnd.acknowledges();
    }
    return agreed;
  }

  /**
   * @param wanted 0 for as many as its configuration says
   */
  private List<Integer> sizes(int wanted) {
    int count = wanted;
    if (wanted == 0) {
      boolean several = Features.has(theirs, BLOCK_MULTIPLE_QUEUES);
      count =
          several
              ? ByteBuffer.wrap(configuration)
                  .order(ByteOrder.LITTLE_ENDIAN)
                  .getShort(BLOCK_QUEUES_AT)
              : 1;
    }
    long most =
        (protocol & ProtocolFeature.MULTIPLE_QUEUES) != 0
            ? backEnd.ask(VhostMessage.GET_QUEUE_COUNT, new byte[0]).u64(0)
            : count;
    long pairs = type == DeviceType.NET ? most * 2 : most; // which is what those count
    if (count < 1 || count > MOST_QUEUES || pairs < count) {
      throw VhostMessage.peer("%d queues wanted, the back end has %d".formatted(count, most));
    }
    return Collections.nCopies(count, type == DeviceType.FILE_SYSTEM ? FILE_QUEUE : OTHER_QUEUE);
  }

  private void refresh() {
    if ((protocol & ProtocolFeature.CONFIGURATION) == 0) {
      throw VhostMessage.peer("the back end of a " + type + " tells nothing of its configuration");
    }
    byte[] ask = bytes(CONFIG_HEADER + BLOCK_CONFIGURATION).putInt(4, BLOCK_CONFIGURATION).array();
    VhostMessage answer = backEnd.ask(VhostMessage.GET_CONFIG, ask);
    answer.need(CONFIG_HEADER + (long) BLOCK_CONFIGURATION);
    configuration =
        answer.payload().asSlice(CONFIG_HEADER, BLOCK_CONFIGURATION).toArray(ValueLayout.JAVA_BYTE);
  }

  private static ByteBuffer bytes(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public DeviceType type() {
    return type;
  }

  @Override
  public long features() {
    return offered;
  }

  @Override
  public List<Integer> queueSizes() {
    return sizes;
  }

  @Override
  public int configSize() {
    return configuration.length;
  }

  @Override
  public void readConfig(MemorySegment target) {
    byte[] now = configuration;
    MemorySegment.copy(now, 0, target, LittleEndian.U8, 0, now.length);
  }

  @Override
  public void writeConfig(int offset, byte[] written) {
    if (!remoteConfiguration) {
      return;
    }
    ByteBuffer change = bytes(CONFIG_HEADER + written.length);
    change.putInt(offset).putInt(written.length).putInt(0).put(written);
    try {
      backEnd.confirm(VhostMessage.SET_CONFIG, change.array());
      refresh();
    } catch (VirtioException e) {
      LOG.log(System.Logger.Level.DEBUG, "configuration of a {0}: {1}", type, e.getMessage());
    }
  }

  @Override
  public void start(Driven driven) {
    GuestMemory memory = driven.memory();
    Fd file =
        memory
            .file()
            .orElseThrow(() ->
                new VirtioException(
                    VirtioException.Kind.HOST,
                    "a " + type + " of another process needs guest memory that can be shared"));
    long agreed = driven.features() & theirs;
    backEnd.tell(
        VhostMessage.SET_FEATURES,
        bytes(8).putLong(agreed | (theirs & ProtocolFeature.OFFERED)).array());
    tellMemory(memory, file);
    List<Integer> ready = new ArrayList<>();
    for (int i = 0; i < driven.queues().size(); i++) {
      Optional<Queue> queue = driven.queues().get(i);
      if (queue.isPresent()) {
        give(i, queue.get(), driven);
        ready.add(i);
      }
    }
    started = ready; // also those that are given in part are taken back
    backEnd.listener(driven.broken());
    ready.forEach(index -> number(VhostMessage.SET_VRING_ENABLE, index, 1));
    var _ = backEnd.ask(VhostMessage.GET_FEATURES, new byte[0]); // it has done all of that by now
    if (remoteConfiguration) {
      refresh();
    }
  }

  private void tellMemory(GuestMemory memory, Fd file) {
    List<GuestMemory.Region> regions = memory.regions();
    ByteBuffer table = bytes(8 + 32 * regions.size()).putInt(regions.size()).putInt(0);
    long offset = 0;
    for (GuestMemory.Region region : regions) {
      long size = region.bytes().byteSize();
      table.putLong(region.start()).putLong(size).putLong(region.bytes().address()).putLong(offset);
      offset += size;
    }
    Fd[] files = Collections.nCopies(regions.size(), file).toArray(Fd[]::new);
    backEnd.confirm(VhostMessage.SET_MEMORY_TABLE, table.array(), files);
  }

  private void give(int index, Queue queue, Driven driven) {
    GuestMemory memory = driven.memory();
    number(VhostMessage.SET_VRING_SIZE, index, queue.layout().size());
    number(VhostMessage.SET_VRING_BASE, index, queue.position());
    ByteBuffer addresses = bytes(40).putInt(index).putInt(0);
    addresses
        .putLong(memory.slice(queue.layout().descriptors(), 1).address())
        .putLong(memory.slice(queue.layout().device(), 1).address())
        .putLong(memory.slice(queue.layout().driver(), 1).address());
    backEnd.tell(VhostMessage.SET_VRING_ADDRESS, addresses.array());
    byte[] which = bytes(8).putLong(index).array();
    backEnd.tell(VhostMessage.SET_VRING_CALL, which, driven.interrupt().fd());
    backEnd.tell(VhostMessage.SET_VRING_ERROR, which, backEnd.faults().fd());
    backEnd.tell(VhostMessage.SET_VRING_KICK, which, queue.kick().fd());
  }

  private void number(int request, int index, int value) {
    backEnd.tell(request, bytes(8).putInt(index).putInt(value).array());
  }

  @Override
  public void stop() {
    backEnd.listener(null);
    try {
      for (int index : started) {
        number(VhostMessage.SET_VRING_ENABLE, index, 0);
        byte[] which = bytes(8).putInt(index).array();
        var _ = backEnd.ask(VhostMessage.GET_VRING_BASE, which); // answered when it is out of it
      }
    } catch (VirtioException e) {
      LOG.log(System.Logger.Level.DEBUG, "stopping a {0}: {1}", type, e.getMessage());
    }
    started = List.of();
  }

  @Override
  public void reset() {
    if ((protocol & ProtocolFeature.RESET_DEVICE) != 0) {
      try {
        backEnd.tell(VhostMessage.RESET_DEVICE, new byte[0]);
      } catch (VirtioException e) {
        LOG.log(System.Logger.Level.DEBUG, "reset of a {0}: {1}", type, e.getMessage());
      }
    }
  }

  @Override
  public void close() {
    backEnd.close();
  }
}
