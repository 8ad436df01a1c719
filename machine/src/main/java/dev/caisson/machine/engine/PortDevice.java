/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import dev.caisson.linux.Fd;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.linux.net.MacAddress;
import dev.caisson.linux.net.RouteSocket;
import dev.caisson.linux.process.Namespace;
import dev.caisson.linux.process.NamespaceThread;
import dev.caisson.machine.network.NetworkPort;
import dev.caisson.virtio.net.NetDevice;
import dev.caisson.virtio.net.TapSide;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;

/** The network device of a machine's port: ours, on the tap in the port's network namespace. */
final class PortDevice {
  private PortDevice() {}

  static NetDevice open(Path namespace, NetworkPort port) {
    return inside(namespace, () -> here(port));
  }

  private static NetDevice here(NetworkPort port) {
    int mtu = mtu(port);
    Fd tap = TapSide.open(port.tap(), false);
    try {
      return new NetDevice(MacAddress.parse(port.hardware()), mtu, 1, new TapSide(List.of(tap)));
    } catch (RuntimeException e) {
      tap.close();
      throw e;
    }
  }

  /** How long the port's frames may be. */
  static int mtu(Path namespace, NetworkPort port) {
    return inside(namespace, () -> mtu(port));
  }

  private static int mtu(NetworkPort port) {
    try (RouteSocket socket = RouteSocket.open()) {
      return socket.link(port.tap()).orElseThrow().mtu();
    }
  }

  /** The port's tap alone, for a device model that is not ours; the caller closes it. */
  static Fd tap(Path namespace, NetworkPort port) {
    return inside(namespace, () -> TapSide.open(port.tap(), false));
  }

  private static <T> T inside(Path namespace, Supplier<T> work) {
    try (Fd target = Directory.openFile(namespace, 0, OpenFlag.READ)) {
      return NamespaceThread.inside(Namespace.NETWORK, target, work);
    }
  }
}
