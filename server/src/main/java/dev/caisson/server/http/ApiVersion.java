/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.http;

/** A version of a dialect, as {@code 1.51}. */
public record ApiVersion(int major, int minor) implements Comparable<ApiVersion> {
  public static ApiVersion parse(String text) {
    int dot = text.indexOf('.');
    try {
      return new ApiVersion(
          Integer.parseInt(text.substring(0, dot)), Integer.parseInt(text.substring(dot + 1)));
    } catch (NumberFormatException | StringIndexOutOfBoundsException malformed) {
      throw HttpException.badRequest("malformed API version '" + text + "'");
    }
  }

  public boolean atLeast(int wantedMajor, int wantedMinor) {
    return compareTo(new ApiVersion(wantedMajor, wantedMinor)) >= 0;
  }

  @Override
  public int compareTo(ApiVersion other) {
    return major != other.major
        ? Integer.compare(major, other.major)
        : Integer.compare(minor, other.minor);
  }

  @Override
  public String toString() {
    return major + "." + minor;
  }
}
