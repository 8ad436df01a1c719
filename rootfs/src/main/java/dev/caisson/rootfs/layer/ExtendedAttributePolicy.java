/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.layer;

/** Which extended attributes of a layer are kept; all others are dropped. xattr(7) */
final class ExtendedAttributePolicy {
  private static final String CAPABILITY = "security.capability";
  private static final String USER = "user.";
  private static final String OVERLAY = "user.overlay.";
  private static final String ACL = "system.posix_acl_";

  private ExtendedAttributePolicy() {}

  /**
   * Whether to set {@code name}. Attributes that speak to overlayfs or to the host's security
   * modules are not an image's to give.
   */
  static boolean keeps(String name, byte[] value) {
    if (name.equals(CAPABILITY)) {
      return validCapability(value);
    }
    return (name.startsWith(USER) && !name.startsWith(OVERLAY)) || name.startsWith(ACL);
  }

  // struct vfs_cap_data and vfs_ns_cap_data, include/uapi/linux/capability.h
  private static boolean validCapability(byte[] value) {
    if (value.length < 4) {
      return false;
    }
    return switch (value[3]) {
      case 2 -> value.length == 20;
      // Revision 3 names the root of a user namespace; only the host's own makes sense in an image.
      case 3 ->
          value.length == 24
              && value[20] == 0
              && value[21] == 0
              && value[22] == 0
              && value[23] == 0;
      default -> false;
    };
  }
}
