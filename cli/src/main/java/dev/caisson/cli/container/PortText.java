/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.container;

import dev.caisson.engine.view.NetworkView;
import java.util.ArrayList;
import java.util.TreeSet;

/** Ports in one line, as {@code 0.0.0.0:8080->80/tcp, 443/tcp}. */
final class PortText {
  private PortText() {}

  static String of(NetworkView network) {
    var words = new ArrayList<String>();
    var bound = new TreeSet<dev.caisson.engine.spec.PortSpec>();
    for (var binding : network.ports()) {
      bound.add(binding.port());
      var address = binding.hostAddress().isEmpty() ? "0.0.0.0" : binding.hostAddress();
      words.add(address + ":" + binding.hostPort() + "->" + binding.port());
    }
    new TreeSet<>(network.exposed())
        .stream().filter(port -> !bound.contains(port)).forEach(port -> words.add(port.toString()));
    return String.join(", ", words);
  }
}
