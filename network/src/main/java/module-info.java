/** Addresses, links, forwarding and names for workloads. */
@org.jspecify.annotations.NullMarked
module dev.caisson.network {
  requires static org.jspecify;
  requires dev.caisson.linux;
}
