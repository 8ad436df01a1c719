/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.mount;

import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.call.Downcall;
import dev.caisson.linux.call.Scratch;
import dev.caisson.linux.call.SystemCall;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/**
 * A file system being configured: type, options one by one, then {@link #mount}. fsopen(2)
 *
 * <p>Against mount(2), options have no common length limit, values may hold commas, and a refusal
 * carries the kernel's own words.
 */
public final class FileSystem implements AutoCloseable {
  private static final int FSOPEN_CLOEXEC = 1;
  private static final int FSMOUNT_CLOEXEC = 1;
  private static final int FSCONFIG_SET_FLAG = 0;
  private static final int FSCONFIG_SET_STRING = 1;
  private static final int FSCONFIG_CMD_CREATE = 6;
  private static final int LONGEST_MESSAGE = 1024;

  private final Fd context;
  private final String type;

  private FileSystem(Fd context, String type) {
    this.context = context;
    this.type = type;
  }

  /** Starts configuring a file system such as {@code tmpfs} or {@code overlay}. */
  public static FileSystem open(String type) {
    try (Scratch scratch = Scratch.open()) {
      long fd =
          Downcall.checked(
              "fsopen", type, SystemCall.FSOPEN, scratch.string(type).address(), FSOPEN_CLOEXEC);
      return new FileSystem(Fd.adopt(fd), type);
    }
  }

  /** An option without a value, as {@code ro}. */
  public FileSystem set(String flag) {
    return configure(flag, FSCONFIG_SET_FLAG, flag, "", 0);
  }

  /** An option with a value, as {@code lowerdir}; at most 256 bytes for most file systems. */
  public FileSystem set(String key, String value) {
    return configure(key + "=" + value, FSCONFIG_SET_STRING, key, value, 0);
  }

  /** Creates the superblock and a mount of it that is attached nowhere yet. fsmount(2) */
  public DetachedMount mount(Set<MountAttribute> attributes) {
    configure("create", FSCONFIG_CMD_CREATE, "", "", 0);
    return DetachedMount.of(
        Fd.adopt(
            Downcall.checked(
                "fsmount",
                type,
                SystemCall.FSMOUNT,
                context.number(),
                FSMOUNT_CLOEXEC,
                MountAttribute.bits(attributes))),
        type);
  }

  @Override
  public void close() {
    context.close();
  }

  private FileSystem configure(String subject, int command, String key, String value, int aux) {
    try (Scratch scratch = Scratch.open()) {
      long result =
          Downcall.attempt(
              SystemCall.FSCONFIG,
              context.number(),
              command,
              key.isEmpty() ? 0 : scratch.string(key).address(),
              command == FSCONFIG_SET_STRING ? scratch.string(value).address() : 0,
              aux,
              0);
      if (result < 0) {
        Errno errno = Errno.of((int) -result);
        throw new LinuxException("fsconfig", type + " " + subject, errno, explanation(errno));
      }
      return this;
    }
  }

  /** What the kernel logged on the context, without its "e " mark. */
  private String explanation(Errno errno) {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment message = scratch.allocate(LONGEST_MESSAGE, 1);
      StringBuilder all = new StringBuilder();
      while (true) {
        long length =
            Downcall.attempt(SystemCall.READ, context.number(), message, LONGEST_MESSAGE, 0);
        if (length <= 2) {
          return all.isEmpty() ? errno.meaning() : all.toString();
        }
        byte[] bytes = message.asSlice(2, length - 2).toArray(ValueLayout.JAVA_BYTE);
        all.append(all.isEmpty() ? "" : "; ")
            .append(new String(bytes, StandardCharsets.UTF_8).strip());
      }
    }
  }
}
