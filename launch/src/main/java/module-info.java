/**
 * The launch plan: everything that happens when a workload starts, as data.
 *
 * <p>It describes, prints and encodes the typed steps that the C stub executes on the host and in
 * guests, and compiles system call filters. It refuses to execute anything itself and knows neither
 * images nor instances. Start at {@code LaunchPlan}, then {@code Action}.
 */
@org.jspecify.annotations.NullMarked
module dev.caisson.launch {
  requires static org.jspecify;
  requires transitive dev.caisson.linux;
  requires transitive dev.caisson.sandbox;
  requires tools.jackson.databind;

  exports dev.caisson.launch;
  exports dev.caisson.launch.run;
  exports dev.caisson.launch.seccomp;
}
