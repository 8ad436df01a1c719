/** HTTP dialects of the engine: the Docker Engine API. */
@org.jspecify.annotations.NullMarked
module dev.caisson.server {
  requires static org.jspecify;
  requires dev.caisson.engine;
  requires org.eclipse.jetty.server;
  requires tools.jackson.databind;
}
