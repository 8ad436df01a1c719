/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.layer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/** One ustar header to be written; what does not fit its fields goes to pax records. tar(5) */
record TarBlock(
    int type, String name, String link, Attributes attributes, long size, int major, int minor) {
  private static final int NAME = 100;
  private static final long MAX_OCTAL_7 = 07777777L;
  private static final long MAX_OCTAL_11 = 077777777777L;

  static TarBlock paxHeader(int size) {
    return new TarBlock('x', "PaxHeaders.0/entry", "", Attributes.of(0644), size, 0, 0);
  }

  void addRecords(Map<String, byte[]> records) {
    if (!fits(name) && !records.containsKey("GNU.sparse.name")) {
      records.put("path", bytes(name));
    }
    if (!fits(link)) {
      records.put("linkpath", bytes(link));
    }
    if (size > MAX_OCTAL_11) {
      records.put("size", bytes(Long.toString(size)));
    }
    if (attributes.user() > MAX_OCTAL_7) {
      records.put("uid", bytes(Long.toString(attributes.user())));
    }
    if (attributes.group() > MAX_OCTAL_7) {
      records.put("gid", bytes(Long.toString(attributes.group())));
    }
    if (attributes.modifiedNanos() != 0 || seconds() != attributes.modifiedSeconds()) {
      var time = new PaxTime(attributes.modifiedSeconds(), attributes.modifiedNanos());
      records.put("mtime", bytes(time.text()));
    }
    attributes.extended().forEach((key, value) -> records.put(PaxRecords.XATTR + key, value));
  }

  byte[] encode() {
    var block = new byte[TarInput.BLOCK];
    text(block, 0, NAME, name);
    octal(block, 100, 7, attributes.permissions());
    octal(block, 108, 7, Math.min(attributes.user(), MAX_OCTAL_7));
    octal(block, 116, 7, Math.min(attributes.group(), MAX_OCTAL_7));
    octal(block, 124, 11, Math.min(size, MAX_OCTAL_11));
    octal(block, 136, 11, seconds());
    block[156] = (byte) type;
    text(block, 157, NAME, link);
    text(block, 257, 5, "ustar");
    text(block, 263, 2, "00");
    octal(block, 329, 7, major);
    octal(block, 337, 7, minor);
    checksum(block);
    return block;
  }

  private long seconds() {
    return Math.clamp(attributes.modifiedSeconds(), 0, MAX_OCTAL_11);
  }

  private static void checksum(byte[] block) {
    Arrays.fill(block, 148, 156, (byte) ' ');
    int sum = 0;
    for (byte b : block) {
      sum += b & 0xff;
    }
    octal(block, 148, 6, sum);
    block[154] = 0;
  }

  private static boolean fits(String text) {
    return text.length() <= NAME && text.chars().allMatch(c -> c < 0x80);
  }

  private static void text(byte[] block, int offset, int length, String text) {
    var encoded = bytes(text);
    System.arraycopy(encoded, 0, block, offset, Math.min(length, encoded.length));
  }

  private static void octal(byte[] block, int offset, int digits, long number) {
    for (int i = offset + digits - 1; i >= offset; i--) {
      block[i] = (byte) ('0' + (number & 7));
      number >>>= 3;
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
