/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch;

import java.util.List;

/** Files made or written in the new root; targets as for {@link MountAction}. */
public sealed interface FileAction extends Action {

  /** Makes a directory and its parents, unless it is there. */
  record MakeDirectory(String target, int mode, long user, long group) implements FileAction {
    public MakeDirectory {
      Ids.check(user);
      Ids.check(group);
    }
  }

  /** Makes a symbolic link, unless something is there. */
  record MakeLink(String target, String content) implements FileAction {}

  /**
   * Makes a device node. An existing one of the same kind and number is accepted, anything else
   * refused.
   *
   * @param kind {@code c}, {@code b} or {@code p} (fifo)
   * @param mode permission bits, 0 to 07777
   */
  record MakeDevice(String target, char kind, int major, int minor, int mode, long user, long group)
      implements FileAction {
    public MakeDevice {
      if (kind != 'c' && kind != 'b' && kind != 'p') {
        throw new LaunchException(
            LaunchException.Kind.INVALID_PLAN, "device kind '" + kind + "' is none of c, b and p");
      }
      Ids.check(user);
      Ids.check(group);
    }
  }

  /**
   * One kernel parameter.
   *
   * @param path below /proc/sys, such as {@code net/ipv4/ip_forward}
   */
  record Sysctl(String path, String value) {
    public Sysctl {
      if (path.isEmpty() || path.startsWith("/") || ("/" + path + "/").contains("/../")) {
        throw new LaunchException(
            LaunchException.Kind.INVALID_PLAN,
            "sysctl path '" + path + "' does not stay below /proc/sys");
      }
    }
  }

  /** Writes kernel parameters, after proof that the file is of procfs. sysctl(7) */
  record SetSysctls(List<Sysctl> values) implements FileAction {
    public SetSysctls {
      values = List.copyOf(values);
    }
  }
}
