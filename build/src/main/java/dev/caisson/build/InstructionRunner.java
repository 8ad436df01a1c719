/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import dev.caisson.build.dockerfile.Command;
import dev.caisson.build.dockerfile.Dockerfile;
import dev.caisson.build.dockerfile.Heredoc;
import dev.caisson.build.dockerfile.Instruction;
import dev.caisson.engine.AttachOptions;
import dev.caisson.engine.Attachment;
import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.Output;
import dev.caisson.engine.WaitCondition;
import dev.caisson.engine.spec.CommitSpec;
import dev.caisson.engine.spec.CopySpec;
import dev.caisson.engine.spec.HealthcheckSpec;
import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.engine.spec.NetworkingSpec;
import dev.caisson.engine.spec.PortSpec;
import dev.caisson.engine.spec.ProcessSpec;
import dev.caisson.engine.view.ExitStatus;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/**
 * Executes the instructions of one stage, one after the other, each making an image unless the
 * cache has it.
 */
final class InstructionRunner {
  /** {@code S_IFMT} and {@code S_IFDIR} of stat(2). */
  private static final int FILE_TYPE = 0170000;

  private static final int DIRECTORY = 0040000;

  private final Engine engine;
  private final BuildRequest request;
  private final BuildContext context;
  private final BuildOutput output;
  private final Path scratch;
  private final BuildCache cache;
  private final StageState state;
  private final Function<String, String> copySource;
  private final Map<String, String> globals;
  private final Set<String> unused;
  private boolean cacheBroken;

  InstructionRunner(
      Engine engine,
      BuildRequest request,
      BuildContext context,
      BuildOutput output,
      Path scratch,
      BuildCache cache,
      StageState state,
      Function<String, String> copySource,
      Map<String, String> globals,
      Set<String> unused) {
    this.engine = engine;
    this.request = request;
    this.context = context;
    this.output = output;
    this.scratch = scratch;
    this.cache = cache;
    this.state = state;
    this.copySource = copySource;
    this.globals = globals;
    this.unused = unused;
    this.cacheBroken = request.noCache();
  }

  void run(Instruction instruction) throws IOException {
    switch (instruction) {
      case Instruction.From from -> throw new IllegalStateException("FROM begins a stage");
      case Instruction.Arg arg -> arg(arg);
      case Instruction.Env env -> {
        List<Instruction.Variable> expanded = expanded(env.variables());
        expanded.forEach(each -> state.setEnvironment(each.name(), each.value().orElse("")));
        metadata(instruction, expanded.toString());
      }
      case Instruction.Label label -> {
        List<Instruction.Variable> expanded = expanded(label.variables());
        expanded.forEach(each -> state.labels.put(each.name(), each.value().orElse("")));
        metadata(instruction, expanded.toString());
      }
      case Instruction.Run run -> run(run);
      case Instruction.Cmd cmd -> {
        state.command = commandWords(cmd.command());
        state.commandIsOwn = true;
        metadata(instruction, "");
      }
      case Instruction.Entrypoint entrypoint -> {
        state.entrypoint = commandWords(entrypoint.command());
        if (!state.commandIsOwn) {
          state.command = List.of(); // a base's CMD belongs to the base's ENTRYPOINT
        }
        metadata(instruction, "");
      }
      case Instruction.Shell shell -> {
        state.shell = shell.arguments();
        metadata(instruction, "");
      }
      case Instruction.Copy copy -> copy(copy);
      case Instruction.Workdir workdir -> workdir(workdir);
      case Instruction.User user -> {
        state.user = state.expand(user.user());
        metadata(instruction, state.user);
      }
      case Instruction.Expose expose -> {
        state.expandAll(expose.ports()).forEach(this::expose);
        metadata(instruction, state.ports.toString());
      }
      case Instruction.Volume volume -> {
        state.expandAll(volume.paths()).forEach(path -> state.volumes.add(state.absolute(path)));
        metadata(instruction, state.volumes.toString());
      }
      case Instruction.StopSignal signal -> {
        state.stopSignal = state.expand(signal.signal());
        metadata(instruction, state.stopSignal);
      }
      case Instruction.Maintainer maintainer -> {
        state.labels.put("maintainer", maintainer.name());
        metadata(instruction, "");
      }
      case Instruction.Healthcheck check -> {
        state.healthcheck = Optional.of(healthcheck(check));
        metadata(instruction, state.healthcheck.toString());
      }
      case Instruction.OnBuild onBuild -> {
        Dockerfile.parseTrigger(onBuild.trigger());
        state.onBuild.add(onBuild.trigger());
        metadata(instruction, "");
      }
    }
  }

  void label(Map<String, String> labels) {
    state.labels.putAll(labels);
    String text = new TreeMap<>(labels).toString();
    step(new CacheKey().add("LABEL").add(text), () -> commitUnchanged("LABEL " + text));
  }

  /** Makes an image. */
  private interface Making {
    String make() throws IOException;
  }

  private void step(CacheKey key, Making making) {
    String hex = key.add(state.image).hex();
    if (!cacheBroken) {
      Optional<String> known = cache.find(hex, image -> Builder.exists(engine, image));
      if (known.isPresent()) {
        state.image = known.get();
        output.print(" ---> Using cache\n ---> " + Builder.shortId(state.image) + "\n");
        return;
      }
    }
    cacheBroken = true; // what follows a changed instruction has a changed parent
    try {
      state.image = making.make();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    cache.put(hex, state.image);
    output.print(" ---> " + Builder.shortId(state.image) + "\n");
  }

  private void metadata(Instruction instruction, String expanded) {
    String heading = Headings.of(instruction);
    step(
        new CacheKey().add(heading).add(expanded).add(state.config().toString()),
        () -> commitUnchanged("#(nop) " + heading));
  }

  private String commitUnchanged(String message) {
    return withContainer(List.of("true"), List.of(), container -> commit(container, message));
  }

  private String commit(String container, String message) {
    return engine
        .containers()
        .commit(
            container,
            new CommitSpec(
                Optional.empty(), "", message, false, List.of(), Optional.of(state.config())));
  }

  private void arg(Instruction.Arg arg) {
    for (Instruction.Variable variable : arg.variables()) {
      unused.remove(variable.name());
      String given = request.arguments().get(variable.name());
      Optional<String> value =
          Optional.ofNullable(given)
              .or(() -> variable.value().map(state::expand))
              .or(() -> Optional.ofNullable(globals.get(variable.name())));
      value.ifPresent(text -> state.arguments.put(variable.name(), text));
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
    if (check.command().isEmpty()) {
      return new HealthcheckSpec(
          List.of("NONE"),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          OptionalInt.empty());
    }
    List<String> test = new ArrayList<>();
    switch (check.command().get()) {
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
    String retries = options.getOrDefault("retries", "");
    return new HealthcheckSpec(
        test,
        duration(options, "interval"),
        duration(options, "timeout"),
        duration(options, "start-period"),
        duration(options, "start-interval"),
        retries.isEmpty() ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(retries)));
  }

  private static Optional<Duration> duration(Map<String, String> options, String name) {
    return Optional.ofNullable(options.get(name)).map(Durations::parse);
  }

  private void workdir(Instruction.Workdir workdir) {
    String path = state.absolute(state.expand(workdir.path()));
    state.workingDirectory = path;
    step(
        new CacheKey().add("WORKDIR").add(path).add(state.config().toString()),
        () ->
            withContainer(
                List.of("true"),
                List.of(),
                container -> {
                  if (!isDirectory(container, path)) {
                    makeDirectory(container, path);
                  }
                  return commit(container, "#(nop) WORKDIR " + path);
                }));
  }

  /** A file copied to an existing directory goes into it, even without a slash behind the name. */
  private Copying.Target target(Instruction.Copy copy) {
    Copying.Target target = Copying.Target.of(state, copy);
    if (target.directory()) {
      return target;
    }
    String container =
        engine.containers().create(InstanceSpec.of(state.image).command("true").build()).id();
    try {
      return new Copying.Target(target.path(), isDirectory(container, target.path()));
    } finally {
      engine.containers().remove(container, true, true);
    }
  }

  private boolean isDirectory(String container, String path) {
    try {
      int mode = engine.containers().stat(container, path + "/.").mode();
      return (mode & FILE_TYPE) == DIRECTORY;
    } catch (EngineException missing) {
      return false;
    }
  }

  private void makeDirectory(String container, String path) throws IOException {
    Path file = Files.createTempFile(scratch, "workdir", ".tar");
    try {
      try (TarArchiveOutputStream tar = Copying.writer(Files.newOutputStream(file))) {
        var entry =
            new org.apache.commons.compress.archivers.tar.TarArchiveEntry(path.substring(1) + "/");
        entry.setMode(0755);
        tar.putArchiveEntry(entry);
        tar.closeArchiveEntry();
      }
      copyIn(container, file);
    } finally {
      Files.deleteIfExists(file);
    }
  }

  private void copyIn(String container, Path tar) throws IOException {
    try (InputStream in = Files.newInputStream(tar)) {
      engine.containers().copyIn(container, "/", in, new CopySpec(false, true));
    }
  }

  private void run(Instruction.Run run) {
    List<String> words = runWords(run);
    List<String> environment = new ArrayList<>(state.runArguments());
    Builder.PREDEFINED.forEach(name ->
        Optional.ofNullable(request.arguments().get(name))
            .ifPresent(value -> environment.add(name + "=" + value)));
    CacheKey key =
        new CacheKey()
            .add("RUN")
            .add(words.toString())
            .add(state.runArguments().toString())
            .add(run.flags().toString())
            .add(state.config().toString());
    step(
        key,
        () ->
            withContainer(
                words,
                environment,
                container -> {
                  output.print(" ---> Running in " + Builder.shortId(container) + "\n");
                  execute(container, String.join(" ", words));
                  return commit(container, String.join(" ", words));
                }));
  }

  /**
   * The command of RUN; here-documents become the script, or part of the command line, as BuildKit
   * does.
   */
  private List<String> runWords(Instruction.Run run) {
    if (run.heredocs().isEmpty() || !(run.command() instanceof Command.Shell(String line))) {
      return run.command().arguments(state.shellOrDefault());
    }
    Heredoc first = run.heredocs().getFirst();
    boolean wholeLine = line.strip().matches("<<-?(['\"]?)" + Pattern.quote(first.name()) + "\\1");
    StringBuilder script = new StringBuilder();
    if (wholeLine) {
      script.append(first.content());
    } else {
      script.append(line).append('\n');
      run.heredocs()
          .forEach(each -> script.append(each.content()).append(each.name()).append('\n'));
    }
    List<String> words = new ArrayList<>(state.shellOrDefault());
    words.add(script.toString());
    return words;
  }

  private void execute(String container, String command) {
    CompletableFuture<ExitStatus> exit =
        engine.containers().exit(container, WaitCondition.NEXT_EXIT);
    try (Attachment attachment = engine.containers().attach(container, AttachOptions.output())) {
      engine.containers().start(container);
      for (Optional<Output> next = attachment.next(); next.isPresent(); next = attachment.next()) {
        output.print(new String(next.get().data(), StandardCharsets.UTF_8));
      }
    }
    int code = exit.join().code();
    if (code != 0) {
      throw new BuildException("The command '" + command + "' returned a non-zero code: " + code);
    }
  }

  /** Something done with a container. */
  private interface Use {
    String with(String container) throws IOException;
  }

  private String withContainer(List<String> words, List<String> arguments, Use use) {
    List<String> environment = new ArrayList<>(state.environmentList());
    environment.addAll(arguments);
    ProcessSpec process =
        new ProcessSpec(
            Optional.of(List.of()),
            Optional.of(words),
            environment,
            state.user,
            state.workingDirectory,
            false,
            false,
            false,
            false,
            true,
            true,
            Optional.empty());
    NetworkingSpec network =
        NetworkingSpec.of(request.networkMode().isEmpty() ? "default" : request.networkMode());
    InstanceSpec spec =
        InstanceSpec.of(state.image)
            .process(process)
            .networking(withHosts(network))
            .resources(request.resources())
            .healthcheck(
                Optional.of(
                    new HealthcheckSpec(
                        List.of("NONE"),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        OptionalInt.empty())))
            .build();
    String container = engine.containers().create(spec).id();
    try {
      return use.with(container);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      engine.containers().remove(container, true, true);
    }
  }

  private NetworkingSpec withHosts(NetworkingSpec network) {
    return new NetworkingSpec(
        network.mode(),
        network.endpoints(),
        network.exposed(),
        network.published(),
        network.publishAll(),
        network.disabled(),
        network.hostname(),
        network.domainname(),
        network.macAddress(),
        network.dns(),
        network.dnsOptions(),
        network.dnsSearch(),
        request.extraHosts(),
        network.links());
  }

  private void copy(Instruction.Copy copy) throws IOException {
    Copying.Ownership ownership = ownership(copy);
    Copying copying = new Copying(context, state, scratch, ownership);
    Copying.Target target = target(copy);
    Optional<String> from = copy.flag("from").map(state::expand);
    String heading = Headings.of(copy);
    if (from.isPresent()) {
      String source = copySource.apply(from.get());
      CacheKey key =
          new CacheKey()
              .add("COPY")
              .add(source)
              .add(copy.sources().toString())
              .add(target.toString())
              .add(ownership.toString());
      step(
          key,
          () ->
              withContainer(
                  List.of("true"),
                  List.of(),
                  container -> {
                    copyFrom(source, copy, copying, target, container);
                    return commit(container, "#(nop) " + heading);
                  }));
      return;
    }
    Copying.Packed packed = copying.pack(copy, target);
    try {
      CacheKey key = new CacheKey().add("COPY").add(packed.digest()).add(state.config().toString());
      step(
          key,
          () ->
              withContainer(
                  List.of("true"),
                  List.of(),
                  container -> {
                    copyIn(container, packed.tar());
                    return commit(container, "#(nop) " + heading);
                  }));
    } finally {
      Files.deleteIfExists(packed.tar());
    }
  }

  private void copyFrom(
      String source,
      Instruction.Copy copy,
      Copying copying,
      Copying.Target target,
      String container)
      throws IOException {
    String other = engine.containers().create(InstanceSpec.of(source).command("true").build()).id();
    Path outFile = Files.createTempFile(scratch, "from", ".tar");
    Path inFile = Files.createTempFile(scratch, "into", ".tar");
    try (TarArchiveOutputStream tar = Copying.writer(Files.newOutputStream(inFile))) {
      for (String path : state.expandAll(copy.sources())) {
        try (OutputStream out = Files.newOutputStream(outFile)) {
          engine.containers().copyOut(other, path.startsWith("/") ? path : "/" + path, out);
        }
        try (InputStream in = Files.newInputStream(outFile)) {
          copying.repack(in, tar, target);
        }
      }
      tar.finish();
      tar.flush();
      copyIn(container, inFile);
    } finally {
      engine.containers().remove(other, true, true);
      Files.deleteIfExists(outFile);
      Files.deleteIfExists(inFile);
    }
  }

  private Copying.Ownership ownership(Instruction.Copy copy) {
    Optional<Integer> mode = copy.flag("chmod").map(state::expand).map(InstructionRunner::octal);
    Optional<String> owner = copy.flag("chown").map(state::expand);
    if (owner.isEmpty()) {
      return new Copying.Ownership(0, 0, mode);
    }
    String[] parts = owner.get().split(":", 2);
    boolean numeric = List.of(parts).stream().allMatch(part -> part.matches("\\d{1,10}"));
    Accounts accounts = numeric ? Accounts.none() : accounts();
    long user = accounts.user(parts[0]);
    long group =
        parts.length > 1 ? accounts.group(parts[1]) : accounts.primaryGroup(parts[0], user);
    return new Copying.Ownership(user, group, mode);
  }

  private static int octal(String text) {
    if (!text.matches("[0-7]{1,4}")) {
      throw new BuildException("--chmod takes an octal mode such as 0755, not '" + text + "'");
    }
    return Integer.parseInt(text, 8);
  }

  private Accounts accounts() {
    String container =
        engine.containers().create(InstanceSpec.of(state.image).command("true").build()).id();
    try {
      return Accounts.read(path -> Accounts.fileOf(engine, container, path));
    } finally {
      engine.containers().remove(container, true, true);
    }
  }
}
