/** Virtual disks in pure Java: qcow2 chains, raw, foreign formats and NBD. */
@org.jspecify.annotations.NullMarked
module dev.caisson.disk {
  requires static org.jspecify;
  requires com.github.luben.zstd_jni;
}
