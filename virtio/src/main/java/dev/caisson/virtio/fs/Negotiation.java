/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import dev.caisson.linux.Errno;

/** FUSE_INIT: what both sides can do. */
final class Negotiation {
  /** Bytes of the largest write; the guest's request carries as many pages. */
  static final int MOST_WRITE = 1 << 20;

  private static final int MAJOR = 7;
  private static final int MINOR = 36;
  private static final int OLDEST_MINOR = 31;
  private static final int PAGE = 4096;

  private static final int ASYNC_READ = 1;
  private static final int ATOMIC_TRUNCATE = 1 << 3;
  private static final int BIG_WRITES = 1 << 5;
  private static final int AUTO_INVALIDATE = 1 << 12;
  private static final int READDIRPLUS = 1 << 13;
  private static final int READDIRPLUS_AUTO = 1 << 14;
  private static final int ASYNC_DIRECT = 1 << 15;
  private static final int PARALLEL_DIRECTORIES = 1 << 18;
  private static final int MAX_PAGES = 1 << 22;
  private static final int CACHE_LINKS = 1 << 23;
  private static final int KILL_PRIVILEGES_V2 = 1 << 28;
  private static final int WANTED =
      ASYNC_READ
          | ATOMIC_TRUNCATE
          | BIG_WRITES
          | AUTO_INVALIDATE
          | READDIRPLUS
          | READDIRPLUS_AUTO
          | ASYNC_DIRECT
          | PARALLEL_DIRECTORIES
          | MAX_PAGES
          | CACHE_LINKS
          | KILL_PRIVILEGES_V2;

  private Negotiation() {}

  static void answer(FuseRequest request, FuseReply reply) {
    int major = request.u32();
    int minor = request.u32();
    int readAhead = request.u32();
    int flags = request.u32();
    if (major < MAJOR || (major == MAJOR && minor < OLDEST_MINOR)) {
      throw Refusal.of(Errno.EPROTO);
    }
    reply.u32(MAJOR);
    reply.u32(MINOR);
    reply.u32(readAhead);
    reply.u32(flags & WANTED);
    reply.u16(64); // requests in the background
    reply.u16(48); // from how many on the guest is "congested"
    reply.u32(MOST_WRITE);
    reply.u32(1); // time stamps in ns
    reply.u16(MOST_WRITE / PAGE);
    reply.zero(2 + 4 + 28);
  }
}
