/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.layer;

import dev.caisson.linux.Fd;
import dev.caisson.linux.file.DeviceNumber;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.ExtendedAttributes;
import dev.caisson.linux.file.FileStatus;
import dev.caisson.linux.file.FileType;
import java.nio.charset.StandardCharsets;

/**
 * How overlayfs is told that a layer removes something. Documentation/filesystems/overlayfs.rst,
 * "whiteouts and opaque directories"
 */
public enum OverlayMarks {
  /** For mounts made by root of the host. */
  TRUSTED("trusted.overlay.opaque"),
  /** For mounts inside a user namespace, with the option {@code userxattr}. */
  USER("user.overlay.opaque");

  private static final byte[] YES = "y".getBytes(StandardCharsets.US_ASCII);

  private final String opaque;

  OverlayMarks(String opaque) {
    this.opaque = opaque;
  }

  /** Hides {@code name} of the layers below; anybody may make this one device, since Linux 5.8. */
  static void hide(Directory parent, String name) {
    parent.makeNode(name, FileType.CHARACTER_DEVICE, 0, DeviceNumber.NONE);
  }

  public static boolean hides(FileStatus status) {
    return status.type() == FileType.CHARACTER_DEVICE && status.node().equals(DeviceNumber.NONE);
  }

  /** Hides all that the layers below have in {@code directory}. */
  public void makeOpaque(Fd directory) {
    ExtendedAttributes.of(directory).set(opaque, YES);
  }

  public boolean isOpaque(Fd directory) {
    return ExtendedAttributes.of(directory)
        .get(opaque)
        .map(value -> value.length == 1 && value[0] == 'y')
        .orElse(false);
  }
}
