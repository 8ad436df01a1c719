/**
 * Images from Dockerfiles.
 *
 * <p>It parses a Dockerfile into stages of typed instructions and executes them, one cached layer
 * per instruction, on an engine. It refuses to read anything outside the build context it was
 * given. Start at {@code dev.caisson.build.dockerfile.Dockerfile}.
 */
@org.jspecify.annotations.NullMarked
module dev.caisson.build {
  requires static org.jspecify;
  requires transitive dev.caisson.engine;
  requires java.net.http;
  requires org.apache.commons.compress;
  requires tools.jackson.databind;

  exports dev.caisson.build;
  exports dev.caisson.build.dockerfile;
}
