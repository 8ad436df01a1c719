/**
 * OCI images: their documents, a content-addressed store, the registry client and layer reading.
 *
 * <p>It moves and keeps images byte for byte: pull, push, load, save, tag, remove, collect garbage.
 * It refuses to touch a root file system (that is {@code dev.caisson.rootfs}) and needs no
 * privilege. Start reading at {@code dev.caisson.image.store.ImageStore}.
 */
@org.jspecify.annotations.NullMarked
module dev.caisson.image {
  requires static org.jspecify;
  requires java.net.http;
  requires org.apache.commons.compress;
  requires com.github.luben.zstd_jni;
  requires org.tukaani.xz;
  requires transitive tools.jackson.databind;

  exports dev.caisson.image;
  exports dev.caisson.image.archive;
  exports dev.caisson.image.layer;
  exports dev.caisson.image.model;
  exports dev.caisson.image.registry;
  exports dev.caisson.image.store;
}
