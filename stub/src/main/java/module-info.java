/**
 * The C program that executes launch plans, embedded as bytes.
 *
 * <p>It starts workloads on the host and stays as their monitor, and does the same as PID 1 of a
 * guest. It decides nothing: everything it does is a step of a plan. Start at {@code
 * stub/src/main/c/main.c}, then {@code launch.c}.
 */
@org.jspecify.annotations.NullMarked
module dev.caisson.stub {
  requires static org.jspecify;

  exports dev.caisson.stub;
}
