/** The virtual machine monitor: memory map, boot, buses and vCPU threads. */
@org.jspecify.annotations.NullMarked
module dev.caisson.vmm {
  requires static org.jspecify;
  requires dev.caisson.virtio;
  requires dev.caisson.kvm;
  requires dev.caisson.linux;
}
