/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import dev.caisson.build.dockerfile.Command;
import dev.caisson.build.dockerfile.Dockerfile;
import dev.caisson.build.dockerfile.Instruction;
import dev.caisson.engine.spec.HealthcheckSpec;
import dev.caisson.engine.spec.PortSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * Executes the instructions of one stage, one after the other, each making an image unless the
 * cache has it.
 */
final class StageRunner {
  private final BuildJob job;
  private final StageState state;
  private final BuildArguments arguments;
  private final UnaryOperator<String> otherImage;
  private final BuildOutput output;
  private boolean cacheBroken;

  /**
   * @param otherImage finds the image of an earlier stage or a name
   */
  StageRunner(
      BuildJob job, StageState state, BuildArguments arguments, UnaryOperator<String> otherImage) {
    this.job = job;
    this.state = state;
    this.arguments = arguments;
    this.otherImage = otherImage;
    this.output = job.output();
    this.cacheBroken = job.request().noCache();
  }

  void run(Instruction instruction) throws IOException {
    switch (instruction) {
      case Instruction.From from -> throw new IllegalStateException("FROM begins a stage");
      case Instruction.Arg arg -> arg(arg);
      case Instruction.Run run -> run(run);
      case Instruction.Copy copy -> copy(copy);
      case Instruction.Workdir workdir -> workdir(workdir);
      default -> {
        configure(instruction);
        metadata(Headings.of(instruction));
      }
    }
  }

  private void configure(Instruction instruction) {
    switch (instruction) {
      case Instruction.Env env -> {
        List<Instruction.Variable> all = expanded(env.variables());
        all.forEach(each -> state.setEnvironment(each.name(), each.value().orElse("")));
      }
      case Instruction.Label label -> {
        List<Instruction.Variable> all = expanded(label.variables());
        all.forEach(each -> state.labels.put(each.name(), each.value().orElse("")));
      }
      case Instruction.Cmd cmd -> {
        state.command = commandWords(cmd.command());
        state.commandIsOwn = true;
      }
      case Instruction.Entrypoint entrypoint -> {
        state.entrypoint = commandWords(entrypoint.command());
        if (!state.commandIsOwn) {
          state.command = List.of(); // a base's CMD belongs to the base's ENTRYPOINT
        }
      }
      case Instruction.Shell shell -> state.shell = shell.arguments();
      case Instruction.User user -> state.user = state.expand(user.user());
      case Instruction.Expose expose -> state.expandAll(expose.ports()).forEach(this::expose);
      case Instruction.Volume volume ->
          state.expandAll(volume.paths()).forEach(path -> state.volumes.add(state.absolute(path)));
      case Instruction.StopSignal signal -> state.stopSignal = state.expand(signal.signal());
      case Instruction.Maintainer maintainer -> state.labels.put("maintainer", maintainer.name());
      case Instruction.Healthcheck check -> state.healthcheck = Optional.of(healthcheck(check));
      case Instruction.OnBuild onBuild -> {
        var unusedTrigger = Dockerfile.parseTrigger(onBuild.trigger()); // refuses nonsense
        state.onBuild.add(onBuild.trigger());
      }
      default -> throw new IllegalStateException("not about configuration: " + instruction);
    }
  }

  void label(Map<String, String> labels) throws IOException {
    state.labels.putAll(labels);
    metadata("LABEL " + new TreeMap<>(labels));
  }

  /** Makes an image. */
  private interface Making {
    String make() throws IOException;
  }

  /** From the cache, or made; then known to it by all of its keys. */
  private void step(List<String> keys, Making making) throws IOException {
    Optional<String> known =
        cacheBroken
            ? Optional.empty()
            : keys.stream().flatMap(key -> known(key).stream()).findFirst();
    if (known.isPresent()) {
      state.base = known;
      output.cached();
      output.print(" ---> Using cache\n ---> " + Builder.shortId(known.get()) + "\n");
    } else {
      String image = making.make();
      state.base = Optional.of(image);
      output.print(" ---> " + Builder.shortId(image) + "\n");
    }
    for (String key : keys) {
      if (known.isEmpty() || keys.size() > 1) { // found by one key, it is found by all from now on
        job.place().cache().put(key, state.image());
      }
    }
  }

  private Optional<String> known(String key) {
    return job.place().cache().find(key, image -> Builder.exists(job.engine(), image));
  }

  /** Ends a key with what every instruction builds on. */
  private String onState(CacheKey key) {
    return key.add(state.base.orElse("scratch")).add(state.key()).hex();
  }

  private void metadata(String heading) throws IOException {
    step(
        List.of(onState(new CacheKey().add(heading))),
        () ->
            job.engine()
                .images()
                .derive(state.base, state.config(), "/bin/sh -c #(nop)  " + heading));
  }

  private void arg(Instruction.Arg arg) {
    for (Instruction.Variable variable : arg.variables()) {
      arguments
          .declared(variable, state::expand)
          .ifPresent(value -> state.arguments.put(variable.name(), value));
    }
  }

  private List<Instruction.Variable> expanded(List<Instruction.Variable> variables) {
    return variables.stream()
        .map(each ->
            new Instruction.Variable(state.expand(each.name()), each.value().map(state::expand)))
        .toList();
  }

  private List<String> commandWords(Command command) {
    if (command instanceof Command.Shell(String line) && line.isBlank()) {
      return List.of();
    }
    return command.arguments(state.shellOrDefault());
  }

  private void expose(String port) {
    int dash = port.indexOf('-');
    if (dash < 0) {
      state.ports.add(PortSpec.parse(port));
      return;
    }
    int slash = port.indexOf('/');
    String protocol = slash < 0 ? "" : port.substring(slash);
    PortSpec first = PortSpec.parse(port.substring(0, dash) + protocol);
    PortSpec last = PortSpec.parse(port.substring(dash + 1));
    for (int number = first.number(); number <= last.number(); number++) {
      state.ports.add(new PortSpec(number, first.protocol()));
    }
  }

  private HealthcheckSpec healthcheck(Instruction.Healthcheck check) {
    List<String> test = new ArrayList<>();
    switch (check.command().orElse(null)) {
      case null -> test.add("NONE");
      case Command.Shell(String line) -> {
        test.add("CMD-SHELL");
        test.add(line);
      }
      case Command.Exec(List<String> arguments) -> {
        test.add("CMD");
        test.addAll(arguments);
      }
    }
    Map<String, String> options = check.options();
    String retries = state.expand(options.getOrDefault("retries", ""));
    if (!retries.matches("\\d{0,9}")) {
      throw new BuildException("HEALTHCHECK --retries takes a number, not '" + retries + "'");
    }
    return new HealthcheckSpec(
        test,
        duration(options, "interval"),
        duration(options, "timeout"),
        duration(options, "start-period"),
        duration(options, "start-interval"),
        retries.isEmpty() ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(retries)));
  }

  private Optional<Duration> duration(Map<String, String> options, String name) {
    return Optional.ofNullable(options.get(name)).map(state::expand).map(Durations::parse);
  }

  private void workdir(Instruction.Workdir workdir) throws IOException {
    String path = state.absolute(state.expand(workdir.path()));
    state.workingDirectory = path;
    String history = "/bin/sh -c #(nop) WORKDIR " + path;
    step(
        List.of(onState(new CacheKey().add("WORKDIR").add(path))),
        () ->
            Workbench.of(job.engine(), onSomething())
                .use(bench -> {
                  if (bench.isDirectory(path)) {
                    return job.engine().images().derive(state.base, state.config(), history);
                  }
                  makeDirectory(bench, path);
                  return bench.commit(state.config(), history);
                }));
  }

  private void makeDirectory(Workbench bench, String path) throws IOException {
    Path file = Files.createTempFile(job.place().scratch(), "workdir", ".tar");
    try {
      var root = new LayerTar.Ownership(Optional.empty(), Optional.empty(), Optional.empty());
      try (var tar = new LayerTar(Files.newOutputStream(file), root)) {
        tar.directory(path, 0755, FileTime.fromMillis(System.currentTimeMillis()));
      }
      bench.copyIn(file);
    } finally {
      Files.deleteIfExists(file);
    }
  }

  /** The image a container can be made of: from scratch, one without any files. */
  private String onSomething() {
    if (state.base.isEmpty()) {
      state.base = Optional.of(job.engine().images().derive(Optional.empty(), state.config(), ""));
    }
    return state.image();
  }

  private void run(Instruction.Run run) throws IOException {
    var step = new RunStep(run, state, job);
    step(
        List.of(onState(step.key(otherImage))),
        () -> {
          onSomething();
          return step.make(otherImage);
        });
  }

  private void copy(Instruction.Copy copy) throws IOException {
    var step = new CopyStep(copy, state);
    Optional<String> from = copy.flag("from").map(state::expand).map(otherImage);
    // An unchanged image has unchanged files; looking into one costs more than knowing that.
    Optional<String> quick =
        from.map(image ->
            onState(
                step.key().add(image).add(copy.flags().toString()).add(sources(copy).toString())));
    if (quick.isPresent() && !cacheBroken && known(quick.get()).isPresent()) {
      step(List.of(quick.get()), () -> quick.get());
      return;
    }
    try (Contents contents = contents(copy, from)) {
      String exact = onState(step.key().add(contents.digest()));
      String history = "/bin/sh -c #(nop) " + Headings.of(copy);
      step(
          quick.map(key -> List.of(key, exact)).orElse(List.of(exact)),
          () ->
              Workbench.of(job.engine(), onSomething())
                  .use(bench -> step.make(bench, contents, job.place().scratch(), history)));
    }
  }

  private List<String> sources(Instruction.Copy copy) {
    return state.expandAll(copy.sources());
  }

  private Contents contents(Instruction.Copy copy, Optional<String> from) throws IOException {
    return from.isPresent()
        ? ImageContents.of(job.engine(), from.get(), copy, state, job.place().scratch())
        : new ContextContents(copy, job.context(), state, job.place().scratch());
  }
}
