/**
 * Lifecycle, state, events and undo of every workload on this host.
 *
 * <p>It decides what happens to which container and when, keeps that across crashes, and refuses to
 * know how an isolation does its work or how a client asks. Start at {@link
 * dev.caisson.engine.Engine}.
 */
@org.jspecify.annotations.NullMarked
module dev.caisson.engine {
  requires static org.jspecify;
  requires dev.caisson.sandbox;
  requires dev.caisson.image;
  requires dev.caisson.rootfs;
  requires dev.caisson.network;
  requires dev.caisson.linux;
  requires tools.jackson.core;

  exports dev.caisson.engine;
  exports dev.caisson.engine.login;
  exports dev.caisson.engine.remote;
  exports dev.caisson.engine.spec;
  exports dev.caisson.engine.view;
  exports dev.caisson.engine.text;
}
