/**
 * BuildKit's protocol in front of our own builder.
 *
 * <p>It speaks gRPC over HTTP/2 on connections that a Docker client upgraded: as the server of
 * BuildKit's control API, and as the client of the session that lends files, secrets and logins. It
 * executes Dockerfiles only and refuses graphs of BuildKit's own operations and foreign front ends.
 * Start at {@code dev.caisson.buildkit.BuildKit}.
 */
@org.jspecify.annotations.NullMarked
module dev.caisson.buildkit {
  requires static org.jspecify;
  requires transitive dev.caisson.build;
  requires transitive dev.caisson.engine;
  requires org.eclipse.jetty.http2.client;
  requires org.eclipse.jetty.http2.server;
  requires transitive org.eclipse.jetty.io;
  requires transitive org.eclipse.jetty.server;

  exports dev.caisson.buildkit;
}
