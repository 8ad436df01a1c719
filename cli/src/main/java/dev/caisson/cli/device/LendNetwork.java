/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.device;

import dev.caisson.cli.words.Words;
import dev.caisson.linux.net.MacAddress;
import dev.caisson.virtio.net.NetDevice;
import dev.caisson.virtio.net.Switch;
import dev.caisson.virtio.net.TapSide;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Command;

@Command(
    name = "net",
    description = "Join other VMMs' machines by a switch in shared memory, until interrupted")
final class LendNetwork extends DeviceCommand {
  private String[] places = {};
  private String tap = "";
  private int mtu = 1500;
  private int pairs = 1;

  @Override
  void declare(Words words) {
    words.value("NAME", "also join the host's tap of this name", value -> tap = value, "--tap");
    words.number("BYTES", "largest packet, 68 to 65535; default 1500", v -> mtu = v, "--mtu");
    words.number("N", "pairs of queues each, 1 to 64; default 1", v -> pairs = v, "--queues");
    words.arguments(
        "SOCKET=MAC",
        "where a machine connects, and the hardware address its card has",
        1,
        value -> places = Words.appended(places, value));
  }

  @Override
  void lendAll() {
    var joined = new Switch("device");
    keep(joined);
    if (!tap.isEmpty()) {
      keep(joined.trunk(new TapSide(List.of(TapSide.open(tap, false)))));
      print("tap " + tap + " joined");
    }
    for (String place : places) {
      int equals = place.lastIndexOf('=');
      if (equals < 1) {
        throw new IllegalArgumentException(
            "'%s' is not SOCKET=MAC, such as /run/one.socket=52:54:00:12:34:56".formatted(place));
      }
      var address = MacAddress.parse(place.substring(equals + 1));
      var device = new NetDevice(address, mtu, pairs, joined.port(address, Set.of()));
      lend("place for " + address, device, place.substring(0, equals));
    }
  }
}
