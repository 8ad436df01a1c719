/** The container isolation: the host kernel seen through namespaces, cgroups and seccomp. */
@org.jspecify.annotations.NullMarked
module dev.caisson.container {
  requires static org.jspecify;
  requires dev.caisson.sandbox;
  requires dev.caisson.launch;
  requires dev.caisson.stub;
  requires dev.caisson.rootfs;
  requires dev.caisson.network;
  requires dev.caisson.linux;
}
