/**
 * Typed Linux system calls: the only module with native access.
 *
 * <p>It turns one system call into one method with checked arguments and an exception that names
 * the call, its subject and errno. It refuses policy: no containers, images or guests are known
 * here. Start at {@code dev.caisson.linux.call.Downcall}.
 */
@org.jspecify.annotations.NullMarked
module dev.caisson.linux {
  requires static org.jspecify;

  exports dev.caisson.linux;
  exports dev.caisson.linux.cgroup;
  exports dev.caisson.linux.device;
  exports dev.caisson.linux.digest;
  exports dev.caisson.linux.file;
  exports dev.caisson.linux.io;
  exports dev.caisson.linux.memory;
  exports dev.caisson.linux.mount;
  exports dev.caisson.linux.net;
  exports dev.caisson.linux.nftables;
  exports dev.caisson.linux.node;
  exports dev.caisson.linux.process;
}
