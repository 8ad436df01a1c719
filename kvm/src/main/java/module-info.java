/**
 * Typed /dev/kvm: virtual machines, vCPUs and their exits.
 *
 * <p>It knows the kernel's structures and rules, such as that I/O is finished before registers are
 * read. It refuses devices, boot protocols and threads. Start at {@code Kvm}.
 */
@org.jspecify.annotations.NullMarked
module dev.caisson.kvm {
  requires static org.jspecify;
  requires transitive dev.caisson.linux;

  exports dev.caisson.kvm;
}
