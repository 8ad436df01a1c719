/**
 * The isolations that are virtual machines.
 *
 * <p>{@code thin} runs an OCI image with a kernel of its own, its files forwarded from the host.
 * The module decides engine, memory and devices; it refuses to know how a guest's devices work.
 * Start at {@code thin.ThinIsolation}.
 */
@org.jspecify.annotations.NullMarked
module dev.caisson.machine {
  requires static org.jspecify;
  requires transitive dev.caisson.sandbox;
  requires dev.caisson.launch;
  requires dev.caisson.stub;
  requires dev.caisson.rootfs;
  requires dev.caisson.network;
  requires dev.caisson.kvm;
  requires dev.caisson.vmm;
  requires dev.caisson.virtio;
  requires dev.caisson.linux;
  requires dev.caisson.image;

  exports dev.caisson.machine.kernel;

  provides dev.caisson.sandbox.Isolation with
      dev.caisson.machine.thin.ThinIsolation;
}
