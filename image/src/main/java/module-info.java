/** OCI images: model, content-addressed store, registry client and layer reading. */
@org.jspecify.annotations.NullMarked
module dev.caisson.image {
  requires static org.jspecify;
  requires org.apache.commons.compress;
  requires com.github.luben.zstd_jni;
  requires org.tukaani.xz;
  requires tools.jackson.databind;
}
