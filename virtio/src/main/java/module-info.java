/** virtio queues and devices, ignorant of who hosts them. */
@org.jspecify.annotations.NullMarked
module dev.caisson.virtio {
  requires static org.jspecify;
  requires dev.caisson.disk;
  requires dev.caisson.linux;
}
