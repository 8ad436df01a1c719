/** Typed /dev/kvm: virtual machines, vCPUs and their exits. */
@org.jspecify.annotations.NullMarked
module dev.caisson.kvm {
  requires static org.jspecify;
  requires dev.caisson.linux;
}
