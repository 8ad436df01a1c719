/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.transport;

import dev.caisson.linux.io.EventCounter;
import dev.caisson.virtio.Features;
import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.device.Device;
import dev.caisson.virtio.device.ForeignDevice;
import dev.caisson.virtio.device.VirtioDevice;
import dev.caisson.virtio.queue.GuestMemory;
import dev.caisson.virtio.queue.VirtQueue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One device behind registers in memory: version 2 of virtio-mmio. virtio 1.2, section 4.2
 *
 * <p>Any order of accesses of any width is survived. What the specification forbids is ignored
 * where it does no harm; where the driver can no longer know what it has, the device says
 * NEEDS_RESET and does nothing until then. Several vCPUs may come at once.
 */
public final class MmioTransport implements AutoCloseable {
  /** Bytes of registers and configuration space. */
  public static final int SIZE = 0x1000;

  public static final int QUEUE_NOTIFY = 0x50;
  public static final int INTERRUPT_ACKNOWLEDGE = 0x64;

  /** What the acknowledgement of an interrupt for used buffers alone writes. */
  public static final int USED_BUFFER = 1;

  private static final System.Logger LOG = System.getLogger(MmioTransport.class.getName());
  private static final int CONFIGURATION_CHANGED = 2;

  private static final int ACKNOWLEDGE = 1;
  private static final int DRIVER = 2;
  private static final int DRIVER_OK = 4;
  private static final int FEATURES_OK = 8;
  private static final int NEEDS_RESET = 64;
  private static final int FAILED = 128;
  private static final int SETTABLE = ACKNOWLEDGE | DRIVER | DRIVER_OK | FEATURES_OK | FAILED;

  private final Device device;
  private final GuestMemory memory;
  private final MmioHost host;
  private final long offered;
  private final RegisterPage page;
  private final List<EventCounter> kicks;
  private final MmioQueue[] queues;
  private final Serving serving;

  // Apart from the lock, since a queue's worker sets them while a reset waits for it to end.
  private final AtomicInteger faults = new AtomicInteger();
  private volatile boolean broken;
  private volatile int status;

  private long driverFeatures;
  private int deviceFeaturesSelector;
  private int driverFeaturesSelector;
  private int queueSelector;

  /** With registers that only {@link #read} can see. The device stays the caller's. */
  public MmioTransport(Device device, GuestMemory memory, MmioHost host) {
    this(device, memory, host, Arena.ofAuto().allocate(SIZE, SIZE));
  }

  /**
   * The device stays the caller's.
   *
   * @param page zeroed native memory of {@link #SIZE} bytes, in which everything a driver can read
   *     stands from now on: a host may map it where the registers are, readable only
   */
  public MmioTransport(Device device, GuestMemory memory, MmioHost host, MemorySegment page) {
    this.device = device;
    this.memory = memory;
    this.host = host;
    this.page = new RegisterPage(page);
    this.queues = device.queueSizes().stream().map(MmioQueue::unset).toArray(MmioQueue[]::new);
    this.kicks = EventCounter.several(queues.length, host::doorbell);
    switch (device) {
      case VirtioDevice own -> {
        offered = own.features() | Features.COMMON;
        serving = new OwnService(own, memory, kicks, () -> interrupt(USED_BUFFER), this::fail);
      }
      case ForeignDevice foreign -> {
        offered = foreign.features();
        serving = new ForeignService(foreign, memory, kicks, host.line(), this::fail);
      }
    }
    this.page.identify(device.type());
    this.page.configuration(device, false);
    showSelected();
    device.onConfigChange(this::configurationChanged);
  }

  /** What depends on the selectors. */
  private void showSelected() {
    page.features(offered, deviceFeaturesSelector);
    page.queue(
        selected() ? device.queueSizes().get(queueSelector) : 0,
        selected() && queues[queueSelector].ready());
  }

  /** Whichever of two threads comes last has seen what both have changed. */
  private void showStatus() {
    synchronized (page) {
      page.status(broken ? status | NEEDS_RESET : status);
    }
  }

  /** How often the driver broke a rule. */
  public int faults() {
    return faults.get();
  }

  private void configurationChanged() {
    page.configuration(device, true);
    interrupt(CONFIGURATION_CHANGED);
  }

  private void interrupt(int reason) {
    page.raise(reason);
    host.interrupt();
  }

  /**
   * @param offset from the first register
   * @param size bytes; registers are four, the configuration space has fields of all sizes
   */
  public long read(long offset, int size) {
    return page.read(offset, size);
  }

  private boolean selected() {
    return queueSelector >= 0 && queueSelector < queues.length;
  }

  public void write(long offset, int size, long value) {
    if (offset >= RegisterPage.CONFIGURATION) {
      configure(offset - RegisterPage.CONFIGURATION, size, value);
    } else if (size == 4 && (offset & 3) == 0) {
      switch ((int) offset) {
        case QUEUE_NOTIFY -> kick((int) value);
        case INTERRUPT_ACKNOWLEDGE -> acknowledge((int) value);
        default -> register((int) offset, (int) value);
      }
    }
  }

  /** What is outside the device's configuration is not written. */
  private void configure(long offset, int size, long value) {
    if (size < 1 || size > 8 || offset > device.configSize() - (long) size) {
      return;
    }
    byte[] bytes = new byte[size];
    for (int i = 0; i < size; i++) {
      bytes[i] = (byte) (value >>> (8 * i));
    }
    synchronized (device) {
      device.writeConfig((int) offset, bytes);
    }
    page.configuration(device, false);
  }

  private void kick(int queue) {
    if (queue >= 0 && queue < kicks.size()) {
      kicks.get(queue).signal();
    }
  }

  /** The bit for used buffers stays set, so that a host may swallow its acknowledgements. */
  private void acknowledge(int seen) {
    page.clear(seen & CONFIGURATION_CHANGED);
  }

  private synchronized void register(int offset, int value) {
    switch (offset) {
      case 0x14 -> deviceFeaturesSelector = value;
      case 0x20 -> acceptFeatures(value);
      case 0x24 -> driverFeaturesSelector = value;
      case 0x30 -> queueSelector = value;
      case 0x70 -> changeStatus(value);
      default -> {
        if (selected()) {
          configureQueue(offset, value);
        }
      }
    }
    showSelected();
    showStatus();
  }

  private void acceptFeatures(int value) {
    boolean open = (status & (DRIVER | FEATURES_OK)) == DRIVER;
    if (open && driverFeaturesSelector == 0) {
      driverFeatures = (driverFeatures & ~0xffff_ffffL) | Integer.toUnsignedLong(value);
    } else if (open && driverFeaturesSelector == 1) {
      driverFeatures = (driverFeatures & 0xffff_ffffL) | ((long) value << 32);
    }
  }

  private void configureQueue(int offset, int value) {
    MmioQueue queue = queues[queueSelector];
    if (offset == 0x44) {
      enable(queue, value);
      return;
    }
    // A queue that is in use does not move.
    if (queue.ready()) {
      return;
    }
    queues[queueSelector] =
        switch (offset) {
          case 0x38 -> queue.withSize(value);
          case 0x80 -> queue.withAddress(MmioQueue.Part.DESCRIPTORS, false, value);
          case 0x84 -> queue.withAddress(MmioQueue.Part.DESCRIPTORS, true, value);
          case 0x90 -> queue.withAddress(MmioQueue.Part.DRIVER, false, value);
          case 0x94 -> queue.withAddress(MmioQueue.Part.DRIVER, true, value);
          case 0xa0 -> queue.withAddress(MmioQueue.Part.DEVICE, false, value);
          case 0xa4 -> queue.withAddress(MmioQueue.Part.DEVICE, true, value);
          default -> queue;
        };
  }

  private void enable(MmioQueue queue, int value) {
    boolean live = (status & DRIVER_OK) != 0;
    if (value == 0) {
      if (queue.ready() && live) {
        // Without the feature to reset one queue only all of them can be stopped.
        halt();
        fail(VirtioException.guest("queue " + queueSelector + " was disabled while in use"));
      }
      queues[queueSelector] = queue.withReady(false);
      return;
    }
    if (live || (status & FEATURES_OK) == 0 || queue.ready() || value != 1) {
      return; // out of order: it stays not ready, which the driver can see
    }
    try {
      if (queue.size() > device.queueSizes().get(queueSelector)) {
        throw VirtioException.guest("queue of " + queue.size() + " descriptors");
      }
      var _ = VirtQueue.open(memory, queue.layout(), driverFeatures);
      queues[queueSelector] = queue.withReady(true);
    } catch (VirtioException e) {
      fail(e);
    }
  }

  private void changeStatus(int value) {
    if (value == 0) {
      reset();
      return;
    }
    int wanted = value & SETTABLE;
    // Bits are set in order and never taken back but by a reset.
    int next = status | wanted;
    if ((next & FEATURES_OK) != 0 && (status & FEATURES_OK) == 0 && !acceptable()) {
      next &= ~(FEATURES_OK | DRIVER_OK);
    }
    if ((next & DRIVER_OK) != 0 && (next & FEATURES_OK) == 0) {
      next &= ~DRIVER_OK;
    }
    boolean starts = (next & ~status & DRIVER_OK) != 0;
    status = next;
    if (starts && !broken) {
      Arrays.setAll(queues, i -> queues[i].at(VirtQueue.beginning(driverFeatures)));
      start();
    }
  }

  private boolean acceptable() {
    return (status & DRIVER) != 0
        && (driverFeatures & ~offered) == 0
        && Features.has(driverFeatures, Features.VERSION_1);
  }

  private void start() {
    // What a foreign device interrupts for is not said here each time; this bit stays set anyway.
    if (device instanceof ForeignDevice) {
      page.raise(USED_BUFFER);
    }
    try {
      serving.start(driverFeatures, queues);
      page.configuration(device, false); // some of it depends on what was agreed
    } catch (VirtioException e) {
      fail(e);
    }
  }

  /** May come from a worker: takes no lock and waits for nobody. */
  private void fail(VirtioException fault) {
    // Once loud: a guest could repeat it without end.
    boolean first = faults.getAndIncrement() == 0;
    LOG.log(
        first ? System.Logger.Level.WARNING : System.Logger.Level.DEBUG,
        "{0} is broken: {1}",
        device.type(),
        fault.getMessage());
    broken = true;
    showStatus();
    interrupt(CONFIGURATION_CHANGED);
  }

  private void reset() {
    halt();
    device.reset();
    Arrays.setAll(queues, i -> MmioQueue.unset(device.queueSizes().get(i)));
    status = 0;
    driverFeatures = 0;
    deviceFeaturesSelector = 0;
    driverFeaturesSelector = 0;
    queueSelector = 0;
    page.interrupts(0);
    page.configuration(device, false);
    broken = false;
    if (device instanceof VirtioDevice) { // who else has them may have made reading them wait
      kicks.forEach(EventCounter::take);
    }
  }

  /** Returns when the device is out of its queues, whose positions are kept. */
  private void halt() {
    List<OptionalInt> positions = serving.halt();
    for (int i = 0; i < positions.size(); i++) {
      if (positions.get(i).isPresent()) {
        queues[i] = queues[i].at(positions.get(i).getAsInt());
      }
    }
  }

  /** Stops serving, with the vCPUs paused; what the driver does meanwhile is not seen. */
  public synchronized MmioState suspend() {
    halt();
    return new MmioState(
        broken ? status | NEEDS_RESET : status,
        driverFeatures,
        deviceFeaturesSelector,
        driverFeaturesSelector,
        queueSelector,
        page.interrupts(),
        List.of(queues));
  }

  /**
   * Goes on from a state, one of {@link #suspend} or of a snapshot.
   *
   * @throws VirtioException GUEST when the state does not fit the device
   */
  public synchronized void resume(MmioState state) {
    if (state.queues().size() != queues.length || (state.driverFeatures() & ~offered) != 0) {
      throw VirtioException.guest("saved state is not of a " + device.type());
    }
    for (int i = 0; i < queues.length; i++) {
      queues[i] = state.queues().get(i);
    }
    status = state.status() & SETTABLE;
    broken = (state.status() & NEEDS_RESET) != 0;
    driverFeatures = state.driverFeatures();
    deviceFeaturesSelector = state.deviceFeaturesSelector();
    driverFeaturesSelector = state.driverFeaturesSelector();
    queueSelector = state.queueSelector();
    page.interrupts(state.interruptStatus());
    page.configuration(device, false);
    showSelected();
    showStatus();
    if ((status & DRIVER_OK) != 0 && !broken) {
      start();
      // An interrupt that was under way may be lost; one too many does no harm.
      interrupt(USED_BUFFER);
    }
  }

  /** Stops serving. With the vCPUs gone and the host's doorbells closed. */
  @Override
  public synchronized void close() {
    halt();
    device.onConfigChange(() -> {});
    kicks.forEach(EventCounter::close);
  }
}
