/**
 * HTTP dialects of the engine: the Docker Engine API.
 *
 * <p>A dialect translates between its wire form and the {@code Engine} interface and never decides:
 * what is allowed, what an image means and which isolation is used are the engine's matters. Start
 * at {@code dev.caisson.server.docker.DockerApi}, the route table.
 */
@org.jspecify.annotations.NullMarked
@SuppressWarnings("module") // the command line is compiled later
module dev.caisson.server {
  requires static org.jspecify;
  requires transitive dev.caisson.engine;
  requires dev.caisson.build;
  requires dev.caisson.buildkit;
  requires org.eclipse.jetty.server;
  requires org.eclipse.jetty.unixdomain.server;
  requires java.management;
  requires tools.jackson.databind;

  exports dev.caisson.server.docker to
      dev.caisson.cli;

  provides dev.caisson.engine.Endpoint with
      dev.caisson.server.docker.DockerEndpoint;
}
