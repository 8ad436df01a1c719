/**
 * virtio queues and devices, ignorant of who hosts them.
 *
 * <p>A device answers requests that a guest put into queues in its memory; our own hypervisor and
 * other VMMs plug the same devices in. The module refuses to know vCPUs, interrupts and images.
 * Start at {@code queue.VirtQueue}, then {@code device.VirtioDevice}.
 */
@org.jspecify.annotations.NullMarked
module dev.caisson.virtio {
  requires static org.jspecify;
  requires dev.caisson.disk;
  requires dev.caisson.linux;

  exports dev.caisson.virtio;
  exports dev.caisson.virtio.queue;
  exports dev.caisson.virtio.device;
  exports dev.caisson.virtio.balloon;
  exports dev.caisson.virtio.block;
  exports dev.caisson.virtio.console;
  exports dev.caisson.virtio.fs;
  exports dev.caisson.virtio.net;
  exports dev.caisson.virtio.rng;
  exports dev.caisson.virtio.transport;
  exports dev.caisson.virtio.vhost;
  exports dev.caisson.virtio.vsock;
}
