/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.net;

import dev.caisson.linux.net.MacAddress;
import dev.caisson.virtio.Features;
import dev.caisson.virtio.device.DeviceQueue;
import dev.caisson.virtio.device.DeviceType;
import dev.caisson.virtio.device.VirtioDevice;
import dev.caisson.virtio.queue.LittleEndian;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An Ethernet interface. virtio 1.2, section 5.1
 *
 * <p>Queues: receive and transmit of each pair, then, with several pairs, the control queue.
 */
public final class NetDevice implements VirtioDevice, FramePort {
  private static final int QUEUE_SIZE = 256;
  private static final int CONFIG = 12;
  private static final int LEAST_MTU = 68; // RFC 791
  private static final int LARGEST_MTU = 65_535;
  private static final int MOST_PAIRS = 64;
  private static final int LINK_UP = 1;

  private final MacAddress address;
  private final int mtu;
  private final int pairs;
  private final NetworkSide side;
  private volatile Lanes lanes = Lanes.NONE;
  private volatile boolean up = true;
  private volatile Runnable configChanged = () -> {};

  /** What exists while the driver is ready. */
  private static final class Lanes {
    static final Lanes NONE = new Lanes(List.of(), List.of(), null, 0);
    final List<ReceiveLane> receive;
    final List<TransmitLane> transmit;
    final @Nullable ControlLane control;
    final int controlNumber;
    volatile int used = 1;

    Lanes(
        List<ReceiveLane> receive,
        List<TransmitLane> transmit,
        @Nullable ControlLane control,
        int controlNumber) {
      this.receive = receive;
      this.transmit = transmit;
      this.control = control;
      this.controlNumber = controlNumber;
    }
  }

  /**
   * Frames since the driver became ready.
   *
   * @param refused sent by the guest with a header that promises what is not so
   * @param dropped for the guest, which had no room or could not take them
   */
  public record Counts(long sent, long refused, long received, long dropped) {}

  /**
   * @param mtu largest payload of a frame, 68 to 65535 bytes
   * @param pairs of queues, 1 to 64
   * @param side closed together with the device
   */
  public NetDevice(MacAddress address, int mtu, int pairs, NetworkSide side) {
    if (mtu < LEAST_MTU || mtu > LARGEST_MTU || pairs < 1 || pairs > MOST_PAIRS) {
      throw new IllegalArgumentException("MTU " + mtu + ", " + pairs + " pairs of queues");
    }
    this.address = address;
    this.mtu = mtu;
    this.pairs = pairs;
    this.side = side;
  }

  @Override
  public DeviceType type() {
    return DeviceType.NET;
  }

  @Override
  public long features() {
    long several = pairs > 1 ? NetFeatures.CONTROL_QUEUE | NetFeatures.MULTIPLE_QUEUES : 0;
    return NetFeatures.ADDRESS
        | NetFeatures.MTU
        | NetFeatures.STATUS
        | NetFeatures.MERGEABLE_BUFFERS
        | several
        | (side.offloads() & NetFeatures.OFFLOADS);
  }

  @Override
  public List<Integer> queueSizes() {
    return Collections.nCopies(pairs > 1 ? 2 * pairs + 1 : 2, QUEUE_SIZE);
  }

  @Override
  public int configSize() {
    return CONFIG;
  }

  @Override
  public void readConfig(MemorySegment target) {
    MemorySegment.copy(address.toBytes(), 0, target, LittleEndian.U8, 0, 6);
    target.set(LittleEndian.U16, 6, (short) (up ? LINK_UP : 0));
    target.set(LittleEndian.U16, 8, (short) pairs);
    target.set(LittleEndian.U16, 10, (short) mtu);
  }

  @Override
  public void onConfigChange(Runnable listener) {
    configChanged = listener;
  }

  /** Plugs the cable in or out; what arrives while it is out is dropped. */
  public void link(boolean plugged) {
    up = plugged;
    configChanged.run();
  }

  @Override
  public void start(long features, List<DeviceQueue> queues) {
    boolean several = pairs > 1 && Features.has(features, NetFeatures.MULTIPLE_QUEUES);
    int count = several ? pairs : 1;
    List<ReceiveLane> receive = new ArrayList<>();
    List<TransmitLane> transmit = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      receive.add(new ReceiveLane(queues.get(2 * i), features));
      transmit.add(
          new TransmitLane(queues.get(2 * i + 1), side, i, features, mtu, System::nanoTime));
    }
    // Without several pairs a driver that wants the control queue finds it behind the first pair.
    int number = 2 * count;
    ControlLane control =
        Features.has(features, NetFeatures.CONTROL_QUEUE) && number < queues.size()
            ? new ControlLane(queues.get(number), count, this::use)
            : null;
    lanes = new Lanes(receive, transmit, control, number);
    side.start(features, this);
  }

  private void use(int wanted) {
    lanes.used = wanted;
  }

  @Override
  public void kicked(int queue) {
    Lanes now = lanes;
    if (now.control != null && queue == now.controlNumber) {
      now.control.kicked();
    } else if (queue / 2 < now.receive.size()) {
      if (queue % 2 == 0) {
        now.receive.get(queue / 2).kicked();
      } else {
        now.transmit.get(queue / 2).kicked();
      }
    }
  }

  @Override
  public int patience(int queue) {
    TransmitLane lane = transmits(queue);
    return lane == null ? -1 : lane.patience();
  }

  @Override
  public void rested(int queue) {
    TransmitLane lane = transmits(queue);
    if (lane != null) {
      lane.rested();
    }
  }

  private @Nullable TransmitLane transmits(int queue) {
    List<TransmitLane> transmit = lanes.transmit;
    return queue % 2 == 1 && queue / 2 < transmit.size() ? transmit.get(queue / 2) : null;
  }

  @Override
  public Outcome receive(Frame frame, int lane, @Nullable Runnable whenRoom) {
    Lanes now = lanes;
    return now.receive.isEmpty() || !up
        ? Outcome.DROPPED
        : now.receive.get(lane % now.used).receive(frame, whenRoom);
  }

  @Override
  public void flush(int lane) {
    Lanes now = lanes;
    if (!now.receive.isEmpty()) {
      now.receive.get(lane % now.used).flush();
    }
  }

  @Override
  public boolean giveUp(int lane, Runnable whenRoom) {
    // The driver may have changed how many it uses since the wish was made.
    return lanes.receive.stream().anyMatch(one -> one.giveUp(whenRoom));
  }

  @Override
  public boolean resume(int lane, int most) {
    Lanes now = lanes;
    return lane < now.transmit.size() && now.transmit.get(lane).resume(most);
  }

  @Override
  public void stop() {
    side.stop();
    Lanes now = lanes;
    lanes = Lanes.NONE;
    now.transmit.forEach(TransmitLane::stop);
    now.receive.forEach(ReceiveLane::stop);
  }

  public Counts counts() {
    Lanes now = lanes;
    return new Counts(
        now.transmit.stream().mapToLong(TransmitLane::sent).sum(),
        now.transmit.stream().mapToLong(TransmitLane::refused).sum(),
        now.receive.stream().mapToLong(ReceiveLane::taken).sum(),
        now.receive.stream().mapToLong(ReceiveLane::dropped).sum());
  }

  @Override
  public void close() {
    side.close();
  }
}
