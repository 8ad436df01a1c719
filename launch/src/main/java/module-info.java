/** The launch plan: typed steps, seccomp programs, printer and encoder. */
@org.jspecify.annotations.NullMarked
module dev.caisson.launch {
  requires static org.jspecify;
  requires dev.caisson.linux;
  requires tools.jackson.databind;
}
