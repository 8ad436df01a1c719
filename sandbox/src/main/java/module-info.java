/** The contract between the engine and an isolation. */
@org.jspecify.annotations.NullMarked
module dev.caisson.sandbox {
  requires static org.jspecify;
}
