/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.file;

import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.storage.Storage;
import java.nio.ByteBuffer;

/** Tells a format by its first bytes. Only for files the user names: a guest can write anything. */
final class FormatProbe {
  private static final int QCOW2 = 0x514649fb;
  private static final long LUKS1 = 0x4c55_4b53_babe_0001L; // "LUKS" 0xba 0xbe, version 1
  private static final int VMDK = 0x4b444d56; // "KDMV"
  private static final int VMDK_TEXT = 0x23204469; // "# Di", a descriptor
  private static final long VHD = 0x636f6e6563746978L; // "conectix"
  private static final long VHDX = 0x7668647866696c65L; // "vhdxfile"
  private static final int VDI = 0x7f10dabe;
  private static final int VDI_AT = 64;

  private FormatProbe() {}

  static DiskFormat of(Storage storage) {
    var start = ByteBuffer.allocate(VDI_AT + 4);
    long size = storage.size();
    storage.read(0, start.limit((int) Math.min(start.capacity(), size)));
    start.clear();
    int magic = start.getInt(0);
    if (magic == QCOW2) {
      return DiskFormat.QCOW2;
    }
    if (magic == VMDK || magic == VMDK_TEXT) {
      return DiskFormat.VMDK;
    }
    if (start.getLong(0) == LUKS1) {
      return DiskFormat.LUKS;
    }
    if (start.getLong(0) == VHDX) {
      return DiskFormat.VHDX;
    }
    if (start.getInt(VDI_AT) == VDI) {
      return DiskFormat.VDI;
    }
    return start.getLong(0) == VHD || hasVhdFooter(storage, size) ? DiskFormat.VHD : DiskFormat.RAW;
  }

  private static boolean hasVhdFooter(Storage storage, long size) {
    if (size < 512) {
      return false;
    }
    var footer = ByteBuffer.allocate(8);
    storage.read(size - 512, footer);
    return footer.getLong(0) == VHD;
  }
}
