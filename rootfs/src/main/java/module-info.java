/** Turns one image into what an isolation mounts. */
@org.jspecify.annotations.NullMarked
module dev.caisson.rootfs {
  requires static org.jspecify;
  requires dev.caisson.linux;
  requires dev.caisson.image;
  requires dev.caisson.disk;
}
