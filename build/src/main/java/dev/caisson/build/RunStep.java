/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import dev.caisson.build.dockerfile.Command;
import dev.caisson.build.dockerfile.Heredoc;
import dev.caisson.build.dockerfile.Instruction;
import dev.caisson.engine.spec.ProcessSpec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** One RUN. */
final class RunStep {
  private final Instruction.Run run;
  private final StageState state;
  private final BuildJob job;
  private final BuildRequest request;
  private final List<RunMount> mounts;
  private final Optional<String> script;
  private final List<String> words;

  RunStep(Instruction.Run run, StageState state, BuildJob job) {
    this.run = run;
    this.state = state;
    this.job = job;
    this.request = job.request();
    this.mounts =
        run.flags().stream()
            .filter(flag -> flag.name().equals("mount"))
            .map(flag -> RunMount.parse(state.expand(flag.value()), state))
            .toList();
    this.script = scriptOf(run);
    this.words = script.isPresent() ? List.of(scriptPath()) : words();
    for (var flag : run.flags()) {
      if (flag.name().equals("security") && !flag.value().equals("sandbox")
          || flag.name().equals("device")) {
        throw new BuildException(
            "RUN --"
                + flag.name()
                + "="
                + flag.value()
                + " is not allowed: a build runs walled in");
      }
    }
  }

  List<String> words() {
    if (run.heredocs().isEmpty() || !(run.command() instanceof Command.Shell(String line))) {
      return run.command().arguments(state.shellOrDefault());
    }
    // The here-document is the script, or a part of the command line, as in BuildKit.
    StringBuilder text = new StringBuilder();
    if (isWhole(line, run.heredocs().getFirst())) {
      text.append(run.heredocs().getFirst().content());
    } else {
      text.append(line).append('\n');
      run.heredocs().forEach(each -> text.append(each.content()).append(each.name()).append('\n'));
    }
    List<String> all = new ArrayList<>(state.shellOrDefault());
    all.add(text.toString());
    return all;
  }

  private static boolean isWhole(String line, Heredoc first) {
    return line.strip().matches("<<-?(['\"]?)" + Pattern.quote(first.name()) + "\\1");
  }

  /** A here-document that names its interpreter is executed itself. */
  private static Optional<String> scriptOf(Instruction.Run run) {
    return run.heredocs().stream()
        .limit(run.command() instanceof Command.Shell ? 1 : 0)
        .filter(first ->
            run.command() instanceof Command.Shell(String line)
                && isWhole(line, first)
                && first.content().startsWith("#!"))
        .map(Heredoc::content)
        .findFirst();
  }

  /** Below /dev, which is no part of the image. */
  private String scriptPath() {
    return "/dev/pipes/" + run.heredocs().getFirst().name();
  }

  /** The line of the image's history, as the classic builder writes it. */
  String history() {
    List<String> arguments = state.runArguments();
    String prefix =
        arguments.isEmpty() ? "" : "|" + arguments.size() + " " + String.join(" ", arguments) + " ";
    return prefix + String.join(" ", script.map(List::of).orElse(words));
  }

  CacheKey key(UnaryOperator<String> image) throws IOException {
    return new CacheKey()
        .add("RUN")
        .add(words.toString())
        .add(script.orElse(""))
        .add(state.runArguments().toString())
        .add(RunMounts.key(mounts, job.context(), image));
  }

  /** Runs it; returns the image it makes. */
  String make(UnaryOperator<String> image) throws IOException {
    try (var made = new RunMounts(job)) {
      for (RunMount mount : mounts) {
        made.add(mount, image);
      }
      if (script.isPresent()) {
        made.script(scriptPath(), script.get());
      }
      var bench =
          Workbench.running(
              job.engine(),
              request,
              state.image(),
              process(made.environment()),
              made.mounts(),
              network());
      return bench.use(_ -> {
        job.output().print(" ---> Running in " + Builder.shortId(bench.id()) + "\n");
        int code = bench.run(job.output(), request.client().cancellation());
        if (code != 0) {
          request.client().cancellation().check();
          throw new CommandFailedException(words, code);
        }
        return bench.commit(state.config(), history());
      });
    }
  }

  private String network() {
    String wanted =
        run.flags().stream()
            .filter(flag -> flag.name().equals("network"))
            .map(Instruction.Flag::value)
            .reduce("", (_, last) -> last);
    return switch (wanted) {
      case "", "default" -> "";
      case "none" -> wanted;
      case "host" -> {
        if (!request.networkMode().equals("host")) { // a Dockerfile alone opens no host
          throw new BuildException(
              "RUN --network=host needs a build that was asked for the host's network: --network host");
        }
        yield wanted;
      }
      default -> throw new BuildException("RUN --network is default, none or host, not " + wanted);
    };
  }

  private ProcessSpec process(List<String> secrets) {
    List<String> environment = new ArrayList<>(state.environmentList());
    environment.addAll(state.runArguments());
    BuildArguments.PREDEFINED.forEach(name ->
        Optional.ofNullable(request.arguments().get(name))
            .ifPresent(value -> environment.add(name + "=" + value)));
    environment.addAll(secrets);
    return ProcessSpec.attached(
        Optional.of(List.of()),
        Optional.of(words),
        environment,
        state.user,
        state.workingDirectory);
  }
}
