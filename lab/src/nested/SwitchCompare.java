/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */

import dev.caisson.kvm.Kvm;
import dev.caisson.linux.net.MacAddress;
import dev.caisson.virtio.net.NetDevice;
import dev.caisson.virtio.net.Switch;
import dev.caisson.virtio.net.TapSide;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Two guests joined twice, by our switch and by taps on a bridge of the kernel: frames of 60 bytes
 * that arrive a second, and a TCP stream, in turns. What measures is bench/src/switch-guest.c, the
 * order of the turns is in guest-init.
 */
final class SwitchCompare {
  private static final int MTU = 1500;
  private static final Pattern RESULT =
      Pattern.compile("RESULT (switch|bridge) (\\S+/s) (\\d+)(?:\\.\\d)?(?: sent (\\d+))?");

  private SwitchCompare() {}

  static void run(Kvm kvm) throws Exception {
    DeviceChecks.ip("link", "add", "labbridge", "type", "bridge");
    DeviceChecks.ip("link", "set", "labbridge", "up");
    try (var net = new Switch("lab");
        NestedGuest answering = NestedGuest.running(kvm, order("answer", 2, net));
        NestedGuest asking = NestedCheck.start(kvm, order("ask", 1, net))) {
      asking.awaitWords("END");
      for (String measure : List.of("frames/s", "Mbit/s")) {
        report(measure, asking.console(), 3);
      }
      report("frames/s", asking.console(), 4);
      interrupts("sender", asking);
      interrupts("receiver", answering);
    } finally {
      DeviceChecks.ip("link", "del", "labbridge");
    }
  }

  private static void interrupts(String who, NestedGuest guest) {
    List<String> lines = guest.console().lines().filter(line -> line.contains("virtio")).toList();
    for (String line : lines.subList(Math.max(0, lines.size() - 2), lines.size())) {
      System.out.println("figure switch: interrupts of the " + who + ": " + line.strip());
    }
  }

  /** Its first card is on the switch, the second on the bridge. */
  private static NestedGuest.Order order(String job, int number, Switch net) throws Exception {
    var onSwitch = MacAddress.parse("02:00:00:00:0a:0" + number);
    var tap = new TapSide(List.of(TapSide.open("labtap" + number, false)));
    DeviceChecks.ip("link", "set", "labtap" + number, "master", "labbridge");
    DeviceChecks.ip("link", "set", "labtap" + number, "up");
    return NestedGuest.Order.of(
        job,
        new NetDevice(onSwitch, MTU, 1, net.port(onSwitch, Set.of())),
        new NetDevice(MacAddress.parse("02:00:00:00:0b:0" + number), MTU, 1, tap));
  }

  private static void report(String measure, String console, int group) {
    long[] own = values(console, "switch", measure, group);
    long[] peer = values(console, "bridge", measure, group);
    System.out.printf(
        "figure switch: %s%s: switch %s, bridge %s, ratio of medians %.2f%n",
        measure,
        group == 4 ? " sent" : "",
        text(own),
        text(peer),
        (double) own[own.length / 2] / peer[peer.length / 2]);
  }

  private static long[] values(String console, String side, String measure, int group) {
    List<Long> found = new ArrayList<>();
    Matcher result = RESULT.matcher(console);
    while (result.find()) {
      MatchResult one = result.toMatchResult();
      if (one.group(1).equals(side) && one.group(2).equals(measure)) {
        found.add(Long.parseLong(one.group(group)));
      }
    }
    return found.stream().mapToLong(Long::longValue).sorted().toArray();
  }

  private static String text(long[] sorted) {
    return "%d %s".formatted(sorted[sorted.length / 2], Arrays.toString(sorted));
  }
}
