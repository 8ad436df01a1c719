/**
 * Addresses, links, forwarding and names for workloads.
 *
 * <p>It gives a workload a network namespace that is wired to the host, walled off from other
 * networks, reachable by name and by published ports. It refuses to remember: definitions and
 * attachments are the caller's, and after a crash the host is made to agree with them. Start at
 * {@code dev.caisson.network.Networks}.
 */
@org.jspecify.annotations.NullMarked
module dev.caisson.network {
  requires static org.jspecify;
  requires transitive dev.caisson.linux;

  exports dev.caisson.network;
  exports dev.caisson.network.address;
}
