/**
 * The container isolation: the host kernel seen through namespaces, control groups and seccomp.
 *
 * <p>It finds out what a start needs ({@code run}), compiles it into a launch plan ({@code plan})
 * and watches over what became of it. It refuses to make system calls inside a container: the stub
 * does that, step by step. Start at {@link dev.caisson.container.ContainerIsolation}, then {@code
 * dev.caisson.container.plan.ContainerPlan}.
 */
@org.jspecify.annotations.NullMarked
module dev.caisson.container {
  requires static org.jspecify;
  requires dev.caisson.image;
  requires dev.caisson.launch;
  requires dev.caisson.linux;
  requires dev.caisson.rootfs;
  requires dev.caisson.stub;
  requires transitive dev.caisson.sandbox;
  requires tools.jackson.databind;

  exports dev.caisson.container;

  provides dev.caisson.sandbox.Isolation with
      dev.caisson.container.ContainerIsolation;
}
