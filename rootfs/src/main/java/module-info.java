/**
 * Turns one image into what an isolation mounts.
 *
 * <p>It unpacks layers into folders that overlayfs stacks, keeps what one instance changes, and
 * turns that into a layer again. It refuses to follow any path an image or a workload wrote out of
 * its own directory. Start reading at {@code dev.caisson.rootfs.layer.LayerStore}.
 */
@org.jspecify.annotations.NullMarked
module dev.caisson.rootfs {
  requires static org.jspecify;
  requires transitive dev.caisson.image;
  requires transitive dev.caisson.linux;
  requires dev.caisson.disk;

  exports dev.caisson.rootfs;
  exports dev.caisson.rootfs.base;
  exports dev.caisson.rootfs.layer;
  exports dev.caisson.rootfs.overlay;
}
