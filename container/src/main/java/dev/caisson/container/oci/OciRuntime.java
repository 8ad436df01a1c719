/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.oci;

import dev.caisson.container.cgroup.CgroupException;
import dev.caisson.linux.process.Signal;
import dev.caisson.sandbox.SandboxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/**
 * The command line of an OCI runtime, as runc has it, on a bundle with a config.json.
 *
 * <p>One process a call and no engine: callers such as conmon wait for the container as their own
 * child, which it can become only when whoever created it has left.
 */
public final class OciRuntime {
  private static final String STANDARD_ROOT = "/run/caisson-oci";
  private static final int FAILED = 1;
  private static final String USAGE =
      """
      Usage: caisson oci [--root DIR] [--log FILE] COMMAND [OPTIONS] ID
      Run OCI bundles, with runc's commands and options

        create, start, run, exec      make a container of a bundle, and run programs in it
        state, ps, list, events       look at containers
        kill, pause, resume, delete   end them, hold them, take them away
        update                        change their limits
        spec, features                a config.json to begin with; what this runtime can do
      """;

  private OciRuntime() {}

  public static void main(String[] words) {
    Arguments arguments = new Arguments(java.util.Map.of(), java.util.Map.of(), "", List.of());
    try {
      arguments = Arguments.parse(List.of(words));
      System.exit(run(arguments));
    } catch (RuntimeException e) {
      String text =
          switch (e) {
            case OciException _, CgroupException _, SandboxException _ -> e.getMessage();
            default -> String.valueOf(e);
          };
      log(arguments, text == null ? e.toString() : text);
      System.err.println(("caisson oci " + arguments.command()).strip() + ": " + text);
      System.exit(FAILED);
    }
  }

  private static int run(Arguments arguments) {
    if (arguments.flag("version") || arguments.flag("v")) {
      System.out.println("caisson oci version 0.1.0\nspec: 1.2.0");
      return 0;
    }
    if (arguments.flag("help") || arguments.flag("h") || arguments.command().equals("help")) {
      System.out.print(USAGE);
      return 0;
    }
    if (arguments.flag("systemd-cgroup")) {
      throw new OciException(
          "the systemd control group driver is not offered; call without --systemd-cgroup (podman:"
              + " --cgroup-manager=cgroupfs)");
    }
    if (printed(arguments)) {
      return 0;
    }
    var lifecycle = new Lifecycle(Path.of(arguments.option("root").orElse(STANDARD_ROOT)));
    return switch (arguments.command()) {
      case "run" -> lifecycle.run(arguments.id(), request(arguments), arguments.flag("detach"));
      case "exec" -> exec(lifecycle, arguments);
      default -> {
        act(lifecycle, arguments);
        yield 0;
      }
    };
  }

  /** Answers what asks about no container; false for any other command. */
  private static boolean printed(Arguments arguments) {
    switch (arguments.command()) {
      case "features" -> System.out.println(Features.json());
      case "spec" ->
          write(
              Path.of(arguments.option("bundle").orElse(".")).resolve("config.json"),
              Features.specification());
      case "checkpoint", "restore" ->
          throw new OciException(arguments.command() + " is not offered; it would need CRIU");
      default -> {
        return false;
      }
    }
    return true;
  }

  private static void act(Lifecycle lifecycle, Arguments arguments) {
    switch (arguments.command()) {
      case "create" -> lifecycle.create(arguments.id(), request(arguments));
      case "start" -> lifecycle.start(arguments.id());
      case "state" -> System.out.println(lifecycle.state(arguments.id()));
      case "kill" ->
          lifecycle.kill(
              arguments.id(),
              signal(arguments.operands()),
              arguments.flag("all") || arguments.flag("a"));
      case "delete" ->
          lifecycle.delete(arguments.id(), arguments.flag("force") || arguments.flag("format"));
      case "pause" -> lifecycle.freeze(arguments.id(), true);
      case "resume" -> lifecycle.freeze(arguments.id(), false);
      case "update" -> lifecycle.update(arguments.id(), Update.of(arguments));
      case "events" ->
          lifecycle.events(
              arguments.id(), duration(arguments.option("interval")), arguments.flag("stats"));
      case "ps" ->
          Listing.processes(lifecycle.pids(arguments.id()), json(arguments))
              .forEach(System.out::println);
      case "list" ->
          Listing.containers(lifecycle, json(arguments), arguments.flag("quiet"))
              .forEach(System.out::println);
      default ->
          throw new OciException(
              arguments.command().isEmpty()
                  ? "which command? caisson oci --help lists them"
                  : "unknown command; caisson oci --help lists them");
    }
  }

  /** As Go writes durations: 5s, 500ms, 1m. */
  private static Duration duration(Optional<String> text) {
    String value = text.orElse("5s");
    try {
      Duration parsed =
          value.matches("[0-9]+ms")
              ? Duration.ofMillis(Long.parseLong(value.replace("ms", "")))
              : Duration.parse("PT" + value);
      if (parsed.toMillis() > 0) {
        return parsed;
      }
    } catch (DateTimeParseException | NumberFormatException e) {
      // told below
    }
    throw new OciException("interval '" + value + "' is not like 5s, 500ms or 1m");
  }

  private static boolean json(Arguments arguments) {
    return arguments.option("format").filter("json"::equals).isPresent();
  }

  private static Lifecycle.Request request(Arguments arguments) {
    if (!arguments.option("preserve-fds").orElse("0").equals("0")) {
      throw new OciException("--preserve-fds is not offered; pass files as mounts");
    }
    Path bundle = Path.of(arguments.option("bundle").orElse(".")).toAbsolutePath().normalize();
    return new Lifecycle.Request(
        bundle,
        arguments.option("pid-file").map(Path::of),
        arguments.option("console-socket"),
        arguments.flag("no-pivot"));
  }

  private static int exec(Lifecycle lifecycle, Arguments arguments) {
    String id = arguments.id();
    var process =
        arguments
            .option("process")
            .map(file -> Document.read(Path.of(file)))
            .orElseGet(() -> ExecProcess.of(arguments, lifecycle.config(id).path("process")));
    return lifecycle.exec(
        id,
        process,
        new FurtherProcess.Manner(
            arguments.option("pid-file").map(Path::of),
            arguments.option("console-socket"),
            arguments.flag("detach")));
  }

  private static int signal(List<String> operands) {
    String name = operands.size() < 2 ? "TERM" : operands.get(1).toUpperCase(Locale.ROOT);
    if (name.matches("[0-9]{1,2}")) {
      return Integer.parseInt(name);
    }
    String bare = name.startsWith("SIG") ? name.substring(3) : name;
    return Stream.of(Signal.named(bare), Signal.named("SIG" + bare))
        .flatMap(Optional::stream)
        .findFirst()
        .orElseThrow(() -> new OciException("signal '" + name + "' is unknown"))
        .number();
  }

  /** Callers that give --log read errors from there, one JSON object a line. */
  private static void log(Arguments arguments, String text) {
    arguments
        .option("log")
        .ifPresent(file -> {
          ObjectNode line = Document.MAPPER.createObjectNode();
          line.put("level", "error").put("msg", text).put("time", Instant.now().toString());
          boolean json = arguments.option("log-format").filter("json"::equals).isPresent();
          try {
            Files.writeString(
                Path.of(file),
                (json ? line.toString() : text) + "\n",
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
          } catch (IOException unwritable) {
            System.err.println("caisson oci: cannot log to " + file);
          }
        });
  }

  private static void write(Path file, String content) {
    try {
      Files.writeString(file, content, StandardOpenOption.CREATE_NEW);
    } catch (IOException e) {
      throw new OciException(file + " cannot be written: " + e.getMessage(), e);
    }
  }
}
