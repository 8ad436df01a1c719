/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.option;

import dev.caisson.cli.console.Console;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.engine.spec.LogSpec;
import dev.caisson.engine.spec.ProcessSpec;
import dev.caisson.engine.spec.RestartPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What can be said about a new container, in Docker's spelling. */
public final class CreateOptions {
  @Mixin ProcessOptions process = new ProcessOptions();
  @Mixin MetadataOptions metadata = new MetadataOptions();
  @Mixin SecurityOptions security = new SecurityOptions();
  @Mixin NamespaceOptions namespaces = new NamespaceOptions();
  @Mixin NetworkOptions network = new NetworkOptions();
  @Mixin StorageOptions storage = new StorageOptions();
  @Mixin ResourceOptions resources = new ResourceOptions();
  @Mixin HealthOptions health = new HealthOptions();

  @Option(names = "--name", paramLabel = "NAME", description = "a name; else one is made up")
  Optional<String> name = Optional.empty();

  @Option(names = "--isolation", paramLabel = "NAME", description = "container or thin: which wall")
  Optional<String> isolation = Optional.empty();

  @Option(names = "--platform", paramLabel = "OS/ARCH", description = "where the image runs")
  public Optional<String> platform = Optional.empty();

  @Option(
      names = "--runtime",
      paramLabel = "NAME",
      description = "docker's word for --isolation; runc says nothing")
  Optional<String> runtime = Optional.empty();

  private static final Set<String> DOCKERS_RUNTIMES = Set.of("", "runc", "io.containerd.runc.v2");

  @Option(
      names = {"-a", "--attach"},
      paramLabel = "STREAM",
      description = "stdin, stdout or stderr")
  List<String> attach = new ArrayList<>();

  @Option(names = "--rm", description = "remove it once it has exited")
  public boolean autoRemove;

  @Option(names = "--cidfile", paramLabel = "FILE", description = "write the id there")
  Optional<String> idFile = Optional.empty();

  @Option(
      names = "--entrypoint",
      paramLabel = "COMMAND",
      description = "instead of the one of the image")
  Optional<String> entrypoint = Optional.empty();

  @Option(names = "--init", description = "a small init as process 1")
  boolean init;

  @Option(
      names = "--restart",
      paramLabel = "POLICY",
      defaultValue = "no",
      description = "no, always, unless-stopped, on-failure[:RETRIES]")
  String restart = "no";

  @Option(names = "--stop-signal", paramLabel = "SIGNAL", description = "what stop sends first")
  Optional<String> stopSignal = Optional.empty();

  @Option(
      names = "--stop-timeout",
      paramLabel = "SECONDS",
      description = "how long stop waits before killing; -1 for ever")
  Optional<Long> stopTimeout = Optional.empty();

  @Option(
      names = "--log-driver",
      paramLabel = "NAME",
      defaultValue = "",
      description = "json-file, local or none")
  String logDriver = "";

  @Option(
      names = "--log-opt",
      paramLabel = "NAME=VALUE",
      description = "max-size, max-file; may be repeated")
  List<String> logOptions = new ArrayList<>();

  public InstanceSpec spec(String image, List<String> command, Console console) {
    var builder =
        InstanceSpec.of(image)
            .platform(platform)
            .process(process(command, console))
            .networking(network.spec())
            .storage(storage.spec(console))
            .security(security.spec(console))
            .namespaces(namespaces.spec())
            .resources(resources.spec())
            .healthcheck(health.spec())
            .restartPolicy(restartPolicy())
            .log(new LogSpec(logDriver, KeyValues.map(logOptions)))
            .labels(metadata.labels(console))
            .annotations(metadata.annotations())
            .autoRemove(autoRemove)
            .init(init ? Optional.of(true) : Optional.empty())
            .stopSignal(stopSignal)
            .stopTimeout(stopTimeout.map(Duration::ofSeconds))
            .runtime(runtime);
    name.ifPresent(builder::name);
    isolation
        .or(() -> runtime.filter(word -> !DOCKERS_RUNTIMES.contains(word)))
        .ifPresent(builder::isolation);
    return builder.build();
  }

  private RestartPolicy restartPolicy() {
    var policy = RestartPolicy.parse(restart);
    if (autoRemove && policy.name() != RestartPolicy.Name.NO) {
      throw EngineException.invalid(
          "conflicting options: cannot specify both --restart and --rm", "leave one of them out");
    }
    return policy;
  }

  private ProcessSpec process(List<String> command, Console console) {
    if (process.interactive && process.tty && !console.isTerminal(0) && attach.isEmpty()) {
      throw new NoTerminalException();
    }
    return new ProcessSpec(
        entrypoint.map(word -> word.isEmpty() ? List.<String>of() : List.of(word)),
        command.isEmpty() ? Optional.empty() : Optional.of(command),
        process.environment(console),
        process.user,
        process.directory,
        process.tty,
        process.interactive,
        process.interactive,
        attach.isEmpty() ? process.interactive : attaches("stdin"),
        attach.isEmpty() || attaches("stdout"),
        attach.isEmpty() || attaches("stderr"),
        process.consoleSize(console));
  }

  private boolean attaches(String stream) {
    for (var word : attach) {
      if (!List.of("stdin", "stdout", "stderr").contains(word.toLowerCase(Locale.ROOT))) {
        throw EngineException.invalid(
            "invalid argument \"" + word + "\" for \"-a, --attach\"",
            "valid streams are STDIN, STDOUT and STDERR");
      }
    }
    return attach.stream().anyMatch(stream::equalsIgnoreCase);
  }

  public void writeIdFile(String id, Console console) {
    if (idFile.isEmpty()) {
      return;
    }
    var path = console.directory().resolve(idFile.get());
    try {
      Files.writeString(path, id, java.nio.file.StandardOpenOption.CREATE_NEW);
    } catch (IOException e) {
      throw new EngineException(
          EngineException.Kind.INVALID,
          "cannot write the id to " + path + ": " + e.getMessage(),
          "remove the file or choose another",
          e);
    }
  }
}
