/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.machine.guest.GuestChannel;
import dev.caisson.machine.guest.GuestProcess;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What runs in a machine, as its host knows it.
 *
 * @param interfaces indexes of the network's interfaces in the guest
 * @param firstPid the number of the first process in the guest
 * @param sessions the last number a process was given on the channel
 */
record RunningGuest(
    GuestChannel channel,
    List<Integer> interfaces,
    GuestProcess first,
    int firstPid,
    AtomicInteger sessions) {
  RunningGuest {
    interfaces = List.copyOf(interfaces);
  }
}
