/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.io;

/** How a Unix socket carries bytes. unix(7) */
public enum SocketKind {
  STREAM(1),
  /** Connected, and each send is one receive. */
  SEQUENCED_PACKETS(5);

  static final int CLOSE_ON_EXEC = 02000000;

  final int number;

  SocketKind(int number) {
    this.number = number;
  }
}
