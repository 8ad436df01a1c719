/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.layer;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a file has besides its name and content.
 *
 * @param permissions the twelve mode bits, 0 to 07777
 * @param user owner's number, 0 to 2^32 - 2
 * @param group group's number, 0 to 2^32 - 2
 * @param modifiedSeconds since 1970, may be negative
 * @param modifiedNanos 0 to 999,999,999
 * @param extended extended attributes by full name, such as {@code user.note}
 */
public record Attributes(
    int permissions,
    long user,
    long group,
    long modifiedSeconds,
    int modifiedNanos,
    Map<String, byte[]> extended) {
  /** 2^32 - 1 means "unchanged" to the kernel, so it is nobody's number. */
  public static final long MAX_ID = 0xffff_fffeL;

  public Attributes {
    extended = extended.isEmpty() ? Map.of() : Collections.unmodifiableMap(new TreeMap<>(extended));
  }

  /** Root's, modified at the start of 1970, without extended attributes. */
  public static Attributes of(int permissions) {
    return new Attributes(permissions, 0, 0, 0, 0, Map.of());
  }
}
