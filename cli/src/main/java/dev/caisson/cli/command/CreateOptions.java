/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.command;

import dev.caisson.cli.console.Console;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.engine.spec.LogSpec;
import dev.caisson.engine.spec.NamespaceSpec;
import dev.caisson.engine.spec.ProcessSpec;
import dev.caisson.engine.spec.RestartPolicy;
import dev.caisson.engine.spec.SecuritySpec;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What can be said about a new container, in Docker's spelling. */
final class CreateOptions {
  @Mixin NetworkOptions network = new NetworkOptions();
  @Mixin StorageOptions storage = new StorageOptions();
  @Mixin ResourceOptions resources = new ResourceOptions();
  @Mixin HealthOptions health = new HealthOptions();

  @Option(names = "--name", description = "a name; else one is made up")
  Optional<String> name = Optional.empty();

  @Option(names = "--isolation", description = "container, thin, vm: which wall")
  Optional<String> isolation = Optional.empty();

  @Option(names = "--platform", paramLabel = "OS/ARCH")
  Optional<String> platform = Optional.empty();

  @Option(names = "--runtime")
  Optional<String> runtime = Optional.empty();

  @Option(
      names = {"-i", "--interactive"},
      description = "pass standard input on")
  boolean interactive;

  @Option(
      names = {"-t", "--tty"},
      description = "with a terminal")
  boolean tty;

  @Option(
      names = {"-a", "--attach"},
      description = "stdin, stdout or stderr")
  List<String> attach = new ArrayList<>();

  @Option(names = "--rm", description = "remove it once it has exited")
  boolean autoRemove;

  @Option(names = "--cidfile", paramLabel = "FILE", description = "write the id there")
  Optional<String> idFile = Optional.empty();

  @Option(
      names = {"-e", "--env"},
      paramLabel = "NAME=VALUE")
  List<String> environment = new ArrayList<>();

  @Option(names = "--env-file", paramLabel = "FILE")
  List<String> environmentFiles = new ArrayList<>();

  @Option(
      names = {"-u", "--user"},
      paramLabel = "NAME|UID[:GROUP]",
      defaultValue = "")
  String user = "";

  @Option(names = "--group-add", paramLabel = "GROUP")
  List<String> groups = new ArrayList<>();

  @Option(
      names = {"-w", "--workdir"},
      paramLabel = "DIR",
      defaultValue = "")
  String directory = "";

  @Option(names = "--entrypoint", paramLabel = "COMMAND")
  Optional<String> entrypoint = Optional.empty();

  @Option(
      names = {"-l", "--label"},
      paramLabel = "NAME=VALUE")
  List<String> labels = new ArrayList<>();

  @Option(names = "--label-file", paramLabel = "FILE")
  List<String> labelFiles = new ArrayList<>();

  @Option(names = "--annotation", paramLabel = "NAME=VALUE")
  List<String> annotations = new ArrayList<>();

  @Option(names = "--init", description = "a small init as process 1")
  boolean init;

  @Option(
      names = "--restart",
      paramLabel = "POLICY",
      defaultValue = "no",
      description = "no, always, unless-stopped, on-failure[:RETRIES]")
  String restart = "no";

  @Option(names = "--stop-signal", paramLabel = "SIGNAL")
  Optional<String> stopSignal = Optional.empty();

  @Option(names = "--stop-timeout", paramLabel = "SECONDS")
  Optional<Long> stopTimeout = Optional.empty();

  @Option(names = "--log-driver", defaultValue = "", description = "json-file, local or none")
  String logDriver = "";

  @Option(names = "--log-opt", paramLabel = "NAME=VALUE")
  List<String> logOptions = new ArrayList<>();

  @Option(names = "--privileged", description = "no wall but the namespaces")
  boolean privileged;

  @Option(names = "--cap-add", paramLabel = "CAPABILITY")
  List<String> capabilitiesAdded = new ArrayList<>();

  @Option(names = "--cap-drop", paramLabel = "CAPABILITY")
  List<String> capabilitiesDropped = new ArrayList<>();

  @Option(names = "--security-opt", paramLabel = "OPTION")
  List<String> security = new ArrayList<>();

  @Option(names = "--sysctl", paramLabel = "NAME=VALUE")
  List<String> sysctls = new ArrayList<>();

  @Option(names = "--ipc", defaultValue = "")
  String ipc = "";

  @Option(names = "--pid", defaultValue = "")
  String pid = "";

  @Option(names = "--uts", defaultValue = "")
  String uts = "";

  @Option(names = "--userns", defaultValue = "")
  String userNamespace = "";

  @Option(names = "--cgroupns", defaultValue = "")
  String cgroupNamespace = "";

  @Option(names = "--cgroup-parent", defaultValue = "")
  String cgroupParent = "";

  InstanceSpec spec(String image, List<String> command, Console console) {
    var labelLines = new ArrayList<String>();
    labelFiles.forEach(file -> labelLines.addAll(EnvironmentFile.lines(file, console)));
    labelLines.addAll(labels);
    var builder =
        InstanceSpec.of(image)
            .platform(platform)
            .process(process(command, console))
            .networking(network.spec())
            .storage(storage.spec(console))
            .security(securitySpec(console))
            .namespaces(
                new NamespaceSpec(
                    ipc,
                    pid,
                    uts,
                    userNamespace,
                    cgroupNamespace,
                    cgroupParent,
                    KeyValues.map(sysctls)))
            .resources(resources.spec())
            .healthcheck(health.spec())
            .restartPolicy(restartPolicy())
            .log(new LogSpec(logDriver, KeyValues.map(logOptions)))
            .labels(KeyValues.map(labelLines))
            .annotations(KeyValues.map(annotations))
            .autoRemove(autoRemove)
            .init(init ? Optional.of(true) : Optional.empty())
            .stopSignal(stopSignal)
            .stopTimeout(stopTimeout.map(Duration::ofSeconds))
            .runtime(runtime);
    name.ifPresent(builder::name);
    isolation.ifPresent(builder::isolation);
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
    if (interactive && tty && !console.isTerminal(0) && attach.isEmpty()) {
      throw EngineException.invalid("the input device is not a TTY", "leave -t out");
    }
    var size = console.size();
    return new ProcessSpec(
        entrypoint.map(word -> word.isEmpty() ? List.<String>of() : List.of(word)),
        command.isEmpty() ? Optional.empty() : Optional.of(command),
        EnvironmentFile.merge(environmentFiles, environment, console),
        user,
        directory,
        tty,
        interactive,
        interactive,
        interactive,
        true,
        true,
        tty && size.rows() > 0
            ? Optional.of(new ProcessSpec.ConsoleSize(size.rows(), size.columns()))
            : Optional.empty());
  }

  private SecuritySpec securitySpec(Console console) {
    var options = security.stream().map(option -> withProfile(option, console)).toList();
    return new SecuritySpec(
        privileged,
        capabilitiesAdded,
        capabilitiesDropped,
        options,
        groups,
        Optional.empty(),
        Optional.empty());
  }

  /** A seccomp profile is named by its file here, and given by its text to the engine. */
  private static String withProfile(String option, Console console) {
    var file = option.startsWith("seccomp=") ? option.substring("seccomp=".length()) : "";
    if (file.isEmpty() || file.equals("unconfined") || file.equals("builtin")) {
      return option;
    }
    return "seccomp=" + String.join("\n", EnvironmentFile.lines(file, console));
  }

  void writeIdFile(String id, Console console) {
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
