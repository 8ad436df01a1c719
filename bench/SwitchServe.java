/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
import dev.caisson.linux.net.MacAddress;
import dev.caisson.virtio.net.NetDevice;
import dev.caisson.virtio.net.Switch;
import dev.caisson.virtio.vhost.VhostUserServer;
import java.nio.file.Path;
import java.util.Set;

/** A switch with a place for each of two other VMMs, for bench/switch-guests. */
public final class SwitchServe {
  private SwitchServe() {}

  /** Takes two sockets and the hardware address behind each. */
  public static void main(String[] arguments) throws Exception {
    try (var net = new Switch("bench");
        var first = lent(net, arguments[0], MacAddress.parse(arguments[1]));
        var second = lent(net, arguments[2], MacAddress.parse(arguments[3]))) {
      Thread.sleep(Long.MAX_VALUE);
    }
  }

  private static VhostUserServer lent(Switch net, String socket, MacAddress address) {
    var device = new NetDevice(address, 1500, 1, net.port(address, Set.of()));
    return new VhostUserServer(Path.of(socket), device);
  }
}
