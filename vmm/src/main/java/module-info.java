/**
 * The virtual machine monitor: memory map, boot, buses and vCPU threads.
 *
 * <p>A library that boots one Linux kernel per {@code Machine} on /dev/kvm and plugs virtio devices
 * into it. It refuses to know images, networks and users. Start at {@code machine.Machine}.
 */
@org.jspecify.annotations.NullMarked
module dev.caisson.vmm {
  requires static org.jspecify;
  requires com.github.luben.zstd_jni;
  requires transitive dev.caisson.kvm;
  requires dev.caisson.linux;
  requires transitive dev.caisson.virtio;
  requires org.tukaani.xz;

  exports dev.caisson.vmm;
  exports dev.caisson.vmm.boot;
  exports dev.caisson.vmm.machine;
  exports dev.caisson.vmm.memory;
  exports dev.caisson.vmm.process;
  exports dev.caisson.vmm.snapshot;
}
