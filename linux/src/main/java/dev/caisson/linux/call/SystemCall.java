/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.call;

/** System call numbers of x86-64. arch/x86/entry/syscalls/syscall_64.tbl */
public final class SystemCall {
  public static final long READ = 0;
  public static final long WRITE = 1;
  public static final long CLOSE = 3;
  public static final long POLL = 7;
  public static final long LSEEK = 8;
  public static final long MMAP = 9;
  public static final long MPROTECT = 10;
  public static final long MUNMAP = 11;
  public static final long IOCTL = 16;
  public static final long PREAD64 = 17;
  public static final long PWRITE64 = 18;
  public static final long MADVISE = 28;
  public static final long SOCKET = 41;
  public static final long CONNECT = 42;
  public static final long SENDTO = 44;
  public static final long RECVFROM = 45;
  public static final long SENDMSG = 46;
  public static final long RECVMSG = 47;
  public static final long SHUTDOWN = 48;
  public static final long BIND = 49;
  public static final long LISTEN = 50;
  public static final long SOCKETPAIR = 53;
  public static final long SETSOCKOPT = 54;
  public static final long GETSOCKOPT = 55;
  public static final long KILL = 62;
  public static final long FCNTL = 72;
  public static final long FLOCK = 73;
  public static final long FSYNC = 74;
  public static final long FDATASYNC = 75;
  public static final long TRUNCATE = 76;
  public static final long FTRUNCATE = 77;
  public static final long FCHMOD = 91;
  public static final long FCHOWN = 93;
  public static final long UMASK = 95;
  public static final long GETUID = 102;
  public static final long GETGID = 104;
  public static final long GETEUID = 107;
  public static final long GETEGID = 108;
  public static final long SETGROUPS = 116;
  public static final long SETFSUID = 122;
  public static final long SETFSGID = 123;
  public static final long CAPGET = 125;
  public static final long CAPSET = 126;
  public static final long FSTATFS = 138;
  public static final long MOUNT = 165;
  public static final long UMOUNT2 = 166;
  public static final long GETTID = 186;
  public static final long SETXATTR = 188;
  public static final long LSETXATTR = 189;
  public static final long GETXATTR = 191;
  public static final long LGETXATTR = 192;
  public static final long LISTXATTR = 194;
  public static final long LLISTXATTR = 195;
  public static final long REMOVEXATTR = 197;
  public static final long LREMOVEXATTR = 198;
  public static final long SCHED_SETAFFINITY = 203;
  public static final long GETDENTS64 = 217;
  public static final long EPOLL_CTL = 233;
  public static final long EPOLL_PWAIT = 281;
  public static final long EPOLL_PWAIT2 = 441;
  public static final long TGKILL = 234;
  public static final long WAITID = 247;
  public static final long OPENAT = 257;
  public static final long MKDIRAT = 258;
  public static final long MKNODAT = 259;
  public static final long FCHOWNAT = 260;
  public static final long UNLINKAT = 263;
  public static final long LINKAT = 265;
  public static final long SYMLINKAT = 266;
  public static final long READLINKAT = 267;
  public static final long FCHMODAT = 268;
  public static final long UNSHARE = 272;
  public static final long UTIMENSAT = 280;
  public static final long FALLOCATE = 285;
  public static final long ACCEPT4 = 288;
  public static final long EVENTFD2 = 290;
  public static final long EPOLL_CREATE1 = 291;
  public static final long PIPE2 = 293;
  public static final long READV = 19;
  public static final long WRITEV = 20;
  public static final long PREADV = 295;
  public static final long PWRITEV = 296;
  public static final long SYNC_FILE_RANGE = 277;
  public static final long SYNCFS = 306;
  public static final long SETNS = 308;
  public static final long RENAMEAT2 = 316;
  public static final long MEMFD_CREATE = 319;
  public static final long COPY_FILE_RANGE = 326;
  public static final long STATX = 332;
  public static final long PIDFD_SEND_SIGNAL = 424;
  public static final long OPEN_TREE = 428;
  public static final long MOVE_MOUNT = 429;
  public static final long FSOPEN = 430;
  public static final long FSCONFIG = 431;
  public static final long FSMOUNT = 432;
  public static final long PIDFD_OPEN = 434;
  public static final long OPENAT2 = 437;
  public static final long MOUNT_SETATTR = 442;

  private SystemCall() {}
}
