/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.net;

import dev.caisson.linux.net.MacAddress;
import dev.caisson.virtio.driver.TestDriver;
import dev.caisson.virtio.driver.TestGuest;
import java.net.InetAddress;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A guest on a switch. */
final class SwitchGuest implements AutoCloseable {
  private static final int MTU = 1500;
  private static final int MEMORY = 8 << 20;
  private static final int QUEUE = 64;

  final SwitchPort port;
  final NetDevice device;
  final TestDriver input;
  final TestDriver output;
  private final TestGuest guest;

  SwitchGuest(
      Switch net, MacAddress address, long features, boolean packed, Set<InetAddress> sources) {
    guest = new TestGuest(MEMORY, packed);
    port = net.port(address, sources);
    device = new NetDevice(address, MTU, 1, port);
    List<TestDriver> queues = guest.start(device, features, QUEUE);
    input = queues.get(0);
    output = queues.get(1);
  }

  void room(int count, int size) {
    for (int i = 0; i < count; i++) {
      input.offer(new byte[0], size);
    }
    device.kicked(0);
  }

  void send(byte[] frame) {
    output.offer(frame, 0);
    device.kicked(1);
    output.answer();
  }

  byte @Nullable [] received() {
    var answer = input.answer();
    return answer == null ? null : answer.bytes();
  }

  @Override
  public void close() {
    device.stop();
    device.close();
    guest.close();
  }
}
