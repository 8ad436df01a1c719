/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux;

/**
 * A system call the kernel refused: which call, on what, and why. Layers above add the remedy.
 *
 * <p>{@code openat2(/srv/x): ENOENT, no such file or directory}
 */
public final class LinuxException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String call;
  private final String subject;
  private final Errno errno;

  public LinuxException(String call, Object subject, Errno errno) {
    super(call + "(" + subject + "): " + errno + ", " + errno.meaning());
    this.call = call;
    this.subject = String.valueOf(subject);
    this.errno = errno;
  }

  /**
   * As {@link #LinuxException(String, Object, Errno)}, with words the kernel added (netlink,
   * fsopen).
   */
  public LinuxException(String call, Object subject, Errno errno, String kernelMessage) {
    super(call + "(" + subject + "): " + errno + ", " + kernelMessage);
    this.call = call;
    this.subject = String.valueOf(subject);
    this.errno = errno;
  }

  /** The system call, or the message of netlink(7), that was refused. */
  public String call() {
    return call;
  }

  /** What it was about: a path, a name, a number. */
  public String subject() {
    return subject;
  }

  public Errno errno() {
    return errno;
  }

  public boolean is(Errno expected) {
    return errno == expected;
  }
}
