/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.process;

import dev.caisson.kvm.Kvm;
import dev.caisson.kvm.KvmException;
import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.io.Channel;
import dev.caisson.linux.io.Message;
import dev.caisson.linux.io.UnixSocket;
import dev.caisson.linux.net.MacAddress;
import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.device.Device;
import dev.caisson.virtio.device.DeviceType;
import dev.caisson.virtio.net.NetDevice;
import dev.caisson.virtio.net.TapSide;
import dev.caisson.virtio.vhost.VhostUserDevice;
import dev.caisson.vmm.VmmException;
import dev.caisson.vmm.boot.BootFiles;
import dev.caisson.vmm.machine.ConsoleLog;
import dev.caisson.vmm.machine.Equipment;
import dev.caisson.vmm.machine.Machine;
import dev.caisson.vmm.machine.MachineConfig;
import dev.caisson.vmm.machine.MachineEnd;
import dev.caisson.vmm.memory.MachineMemory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One machine in a process of its own, which has nothing but what it is handed: its standard input
 * is a socket of sequenced packets, over which come a {@link MachineOrder} with its descriptors,
 * then orders of one letter, and go {@link MachineReport}s. It ends with its machine, or when the
 * socket closes.
 */
public final class MachineProcess {
  /** Orders while the machine runs: to stand still, and to go on. */
  public static final char PAUSE = 'p';

  public static final char RESUME = 'r';

  private final UnixSocket orders;

  private MachineProcess(UnixSocket orders) {
    this.orders = orders;
  }

  /**
   * @param words name the process for those who look for it; otherwise unused
   */
  public static void main(String[] words) {
    new MachineProcess(UnixSocket.of(Fd.adopt(0))).run();
    Runtime.getRuntime().halt(0); // whatever is left has nobody to serve
  }

  private void run() {
    Message first = orders.receive(MachineOrder.LONGEST);
    if (first.isEnd()) {
      return;
    }
    try {
      Machine machine = make(first);
      machine.start();
      tell(new MachineReport.Running());
      obey(machine);
      machine.close();
    } catch (VmmException e) {
      tell(new MachineReport.Refused(e.kind(), String.valueOf(e.getMessage())));
    } catch (KvmException | LinuxException | VirtioException | IOException e) {
      tell(new MachineReport.Refused(VmmException.Kind.HOST, String.valueOf(e.getMessage())));
    }
  }

  private void tell(MachineReport report) {
    try {
      orders.sendFully(report.encode());
    } catch (LinuxException e) {
      orders.shutdown(); // nobody listens any more
    }
  }

  private Machine make(Message message) throws IOException {
    MachineOrder order = MachineOrder.parse(message.bytes());
    List<Fd> files = message.files();
    if (files.size() != order.descriptors()) {
      throw new VmmException(
          VmmException.Kind.INVALID,
          files.size() + " descriptors for a machine that needs " + order.descriptors());
    }
    Kvm kvm = Kvm.of(files.get(0));
    var console = new ConsoleLog(new Channel(files.get(3)));
    var equipment = new Equipment(lent(order, files), cards(order, files));
    var config =
        new MachineConfig(
            order.name(),
            order.memory(),
            MachineMemory.Backing.SHARED,
            order.cpus(),
            List.of(),
            new BootFiles(
                files.get(1).path(), Optional.of(files.get(2).path()), order.commandLine()),
            equipment.devices(),
            console);
    Machine machine = Machine.create(kvm, config);
    equipment.serve(machine);
    var control = new ControlPump(equipment.control(), UnixSocket.of(files.get(4)));
    control.start();
    var _ = machine.ended().thenAccept(end -> leave(machine, end, control, console));
    return machine;
  }

  private static List<Device> lent(MachineOrder order, List<Fd> files) {
    List<Device> devices = new ArrayList<>();
    for (int i = 0; i < order.lent().size(); i++) {
      MachineOrder.Lent lent = order.lent().get(i);
      var socket = UnixSocket.of(files.get(MachineOrder.FIXED_DESCRIPTORS + i));
      devices.add(
          lent.type() == DeviceType.FILE_SYSTEM
              ? VhostUserDevice.files(socket, lent.tag(), lent.requestQueues())
              : VhostUserDevice.block(socket));
    }
    return devices;
  }

  private static List<Device> cards(MachineOrder order, List<Fd> files) {
    int first = MachineOrder.FIXED_DESCRIPTORS + order.lent().size();
    List<Device> devices = new ArrayList<>();
    for (int i = 0; i < order.cards().size(); i++) {
      MachineOrder.Card card = order.cards().get(i);
      var side = new TapSide(List.of(files.get(first + i)));
      devices.add(new NetDevice(MacAddress.parse(card.hardware()), card.mtu(), 1, side));
    }
    return devices;
  }

  /** What the guest still said goes out before its end is told. */
  private void leave(Machine machine, MachineEnd end, ControlPump control, ConsoleLog console) {
    machine.close();
    control.drain();
    console.close();
    tell(new MachineReport.Ended(end.kind(), end.cause()));
    orders.shutdown();
  }

  /** Returns when nobody gives orders any more. */
  private void obey(Machine machine) {
    while (true) {
      try (Message message = orders.receive(MachineOrder.LONGEST)) {
        if (message.bytes().length == 0) {
          return;
        }
        tell(obey(machine, (char) message.bytes()[0]));
      }
    }
  }

  private static MachineReport obey(Machine machine, char order) {
    try {
      switch (order) {
        case PAUSE -> machine.pause();
        case RESUME -> machine.resume();
        default ->
            throw new VmmException(VmmException.Kind.INVALID, "there is no order " + (int) order);
      }
      return new MachineReport.Done();
    } catch (VmmException e) {
      return new MachineReport.Refused(e.kind(), String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new MachineReport.Refused(VmmException.Kind.HOST, "interrupted");
    }
  }
}
