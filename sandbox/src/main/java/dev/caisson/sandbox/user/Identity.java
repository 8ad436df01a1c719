/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.user;

import java.util.List;

/**
 * Who a process is, in numbers.
 *
 * @param groups supplementary ones
 * @param home from /etc/passwd, "/" where that has none
 */
public record Identity(long user, long group, List<Long> groups, String home) {
  public static final Identity ROOT = new Identity(0, 0, List.of(), "/root");

  public Identity {
    groups = List.copyOf(groups);
  }
}
