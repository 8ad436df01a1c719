/** The C program that executes launch plans, embedded as bytes. */
@org.jspecify.annotations.NullMarked
module dev.caisson.stub {
  requires static org.jspecify;
}
