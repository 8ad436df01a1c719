/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.network;

import dev.caisson.engine.EngineException;
import dev.caisson.linux.net.MacAddress;
import java.net.InetAddress;

/** Reads addresses that people wrote; names are never looked up. */
final class Addresses {
  private Addresses() {}

  static InetAddress parse(String text) {
    try {
      return InetAddress.ofLiteral(text);
    } catch (IllegalArgumentException e) {
      throw EngineException.invalid("invalid address '" + text + "'", "write it as 172.20.0.5");
    }
  }

  static MacAddress parseMac(String text) {
    try {
      return MacAddress.parse(text);
    } catch (IllegalArgumentException e) {
      throw EngineException.invalid(
          "invalid MAC address '" + text + "'", "write it as 02:42:ac:11:00:02");
    }
  }
}
