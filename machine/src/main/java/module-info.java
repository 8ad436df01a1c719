/** The isolations that are virtual machines. */
@org.jspecify.annotations.NullMarked
module dev.caisson.machine {
  requires static org.jspecify;
  requires dev.caisson.sandbox;
  requires dev.caisson.launch;
  requires dev.caisson.stub;
  requires dev.caisson.rootfs;
  requires dev.caisson.network;
  requires dev.caisson.vmm;
  requires dev.caisson.linux;
}
