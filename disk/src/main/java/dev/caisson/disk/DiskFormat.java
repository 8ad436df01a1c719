/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk;

import java.util.Arrays;
import java.util.Optional;

/** The formats this library knows, with qemu-img's names. */
public enum DiskFormat {
  RAW("raw"),
  QCOW2("qcow2"),
  /** LUKS version 1, a raw disk encrypted. */
  LUKS("luks"),
  VMDK("vmdk"),
  VHD("vpc"),
  VHDX("vhdx"),
  VDI("vdi");

  private final String label;

  DiskFormat(String label) {
    this.label = label;
  }

  /** As written on command lines and in qcow2's backing format. */
  public String label() {
    return label;
  }

  /** The format called {@code label}, if known. */
  public static Optional<DiskFormat> named(String label) {
    return Arrays.stream(values()).filter(format -> format.label.equals(label)).findFirst();
  }
}
