/** The caisson command. */
@org.jspecify.annotations.NullMarked
module dev.caisson.cli {
  requires static org.jspecify;
  requires dev.caisson.engine;
  requires dev.caisson.disk;
  requires dev.caisson.launch;
  requires dev.caisson.container;
  requires info.picocli;
  requires tools.jackson.databind;
}
