/**
 * The contract between the engine and an isolation.
 *
 * <p>It says what a workload is ({@code workload}), what every isolation can do with one ({@link
 * dev.caisson.sandbox.Isolation}, {@link dev.caisson.sandbox.Sandbox}) what only some can ({@code
 * ability}), and who an image's users are ({@code user}). It refuses to know how: no namespaces are
 * entered, no machines booted and no system calls made here. Start at {@link
 * dev.caisson.sandbox.Isolation}.
 */
@org.jspecify.annotations.NullMarked
module dev.caisson.sandbox {
  requires static org.jspecify;

  exports dev.caisson.sandbox;
  exports dev.caisson.sandbox.ability;
  exports dev.caisson.sandbox.user;
  exports dev.caisson.sandbox.workload;

  uses dev.caisson.sandbox.Isolation;
}
