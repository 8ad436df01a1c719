/** Lifecycle, state, events and undo of every workload on this host. */
@org.jspecify.annotations.NullMarked
module dev.caisson.engine {
  requires static org.jspecify;
  requires dev.caisson.sandbox;
  requires dev.caisson.image;
  requires dev.caisson.rootfs;
  requires dev.caisson.network;
  requires dev.caisson.linux;
  requires tools.jackson.databind;
}
