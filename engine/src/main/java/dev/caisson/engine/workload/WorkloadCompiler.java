/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.workload;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.engine.spec.LogSpec;
import dev.caisson.engine.spec.NamespaceSpec;
import dev.caisson.engine.text.ByteSize;
import dev.caisson.engine.text.Signal;
import dev.caisson.sandbox.workload.LogPolicy;
import dev.caisson.sandbox.workload.Namespaces;
import dev.caisson.sandbox.workload.Namespaces.Mode;
import dev.caisson.sandbox.workload.NetworkAttachment;
import dev.caisson.sandbox.workload.Outline;
import dev.caisson.sandbox.workload.Program;
import dev.caisson.sandbox.workload.Program.TerminalSize;
import dev.caisson.sandbox.workload.RootFilesystem;
import dev.caisson.sandbox.workload.StopPolicy;
import dev.caisson.sandbox.workload.User;
import dev.caisson.sandbox.workload.UserMapping;
import dev.caisson.sandbox.workload.Workload;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/** Turns a container's definition into the complete description its isolation works from. */
public final class WorkloadCompiler {
  // Those after the first two name what a log of dockerd's would hold besides; ours has no place
  // for it.
  private static final Set<String> LOG_OPTIONS =
      Set.of(
          "max-size",
          "max-file",
          "compress",
          "labels",
          "labels-regex",
          "env",
          "env-regex",
          "tag",
          "mode",
          "max-buffer-size",
          "cache-disabled");

  private static final int LOG_FILES = 2;
  private static final int MOST_LOG_FILES = 100;

  /** Finds the full id of a container another one names. */
  private final UnaryOperator<String> containerId;

  public WorkloadCompiler(UnaryOperator<String> containerId) {
    this.containerId = containerId;
  }

  public Workload compile(Definition definition, NetworkAttachment network) {
    var spec = definition.spec();
    var storage = spec.storage();
    var root =
        new RootFilesystem.Layers(
            definition.image().layers(),
            rootSize(storage.options()),
            storage.readOnlyRoot(),
            !spec.autoRemove());
    return Workload.builder(definition.id(), root)
        .name(definition.name())
        .process(program(definition))
        .hostname(definition.effective().hostname())
        .domainname(spec.networking().domainname().orElse(""))
        .mounts(MountCompiler.compile(storage, definition.mounts()))
        .devices(ResourceCompiler.devices(spec.resources()))
        .namespaces(namespaces(spec.namespaces()))
        .security(SecurityCompiler.compile(spec.security()))
        .resources(ResourceCompiler.compile(spec.resources(), spec.namespaces().cgroupParent()))
        .sysctls(spec.namespaces().sysctls())
        .network(network)
        .log(logPolicy(spec.log()))
        .stop(
            new StopPolicy(
                Signal.parse(definition.effective().stopSignal()),
                definition.effective().stopTimeout()))
        .annotations(spec.annotations())
        .build();
  }

  /**
   * What of a workload is known from what was asked for.
   *
   * @param isolated whether it will have loopback alone
   * @throws EngineException INVALID, NOT_FOUND as {@link #compile}
   */
  public Outline outline(InstanceSpec spec, boolean isolated) {
    return new Outline(namespaces(spec.namespaces()), isolated, spec.namespaces().cgroupParent());
  }

  private static long rootSize(Map<String, String> options) {
    for (var name : options.keySet()) {
      if (!name.equals("size")) {
        throw EngineException.invalid("unknown storage option " + name, "use size=10G");
      }
    }
    return options.containsKey("size") ? ByteSize.parse(options.get("size")) : 0;
  }

  private static Program program(Definition definition) {
    var spec = definition.spec();
    var process = spec.process();
    var effective = definition.effective();
    var line = new ArrayList<String>();
    line.add(effective.path());
    line.addAll(effective.arguments());
    var environment = environment(effective.environment(), process.tty());
    if (!effective.hostname().isEmpty()) {
      environment.putIfAbsent("HOSTNAME", effective.hostname());
    }
    var program =
        Program.of(line)
            .environment(environment)
            .directory(effective.workingDirectory())
            .user(User.parse(effective.user()).withAdditional(spec.security().groups()))
            .terminal(process.tty())
            .stdin(process.openStdin())
            .stdinOnce(process.stdinOnce())
            .init(spec.init().orElse(false))
            .limits(ResourceCompiler.limits(spec.resources()));
    process
        .consoleSize()
        .ifPresent(size -> program.size(new TerminalSize(size.rows(), size.columns())));
    if (spec.resources().oomScoreAdjustment().isPresent()) {
      program.oomScoreAdjustment(spec.resources().oomScoreAdjustment().getAsInt());
    }
    return program.build();
  }

  /** {@code NAME=value} entries as a map, in order; with a terminal, TERM is set. */
  public static Map<String, String> environment(List<String> entries, boolean terminal) {
    var environment = new LinkedHashMap<String, String>();
    for (var entry : entries) {
      int equals = entry.indexOf('=');
      if (equals > 0) {
        environment.put(entry.substring(0, equals), entry.substring(equals + 1));
      }
    }
    if (terminal) {
      environment.putIfAbsent("TERM", "xterm");
    }
    return environment;
  }

  private Namespaces namespaces(NamespaceSpec spec) {
    return new Namespaces(
        mode("pid", spec.pid()),
        mode("ipc", spec.ipc()),
        mode("uts", spec.uts()),
        mode("cgroup", spec.cgroup()),
        user(spec.user()),
        false);
  }

  private Mode mode(String kind, String text) {
    return switch (text) {
      case "", "private", "shareable" -> Mode.PRIVATE;
      case "host" -> Mode.HOST;
      case "none" -> throw unsupported(kind, text);
      default -> {
        if (!text.startsWith("container:")) {
          throw unsupported(kind, text);
        }
        yield new Namespaces.OfSandbox(containerId.apply(text.substring("container:".length())));
      }
    };
  }

  private static UserMapping user(String text) {
    if (!text.isEmpty() && !text.equals("host")) {
      throw unsupported("user namespace", text);
    }
    return UserMapping.HOST;
  }

  private static EngineException unsupported(String kind, String text) {
    return EngineException.invalid(
        "invalid " + kind + " mode: " + text, "use private, host or container:NAME");
  }

  private static LogPolicy logPolicy(LogSpec spec) {
    if (spec.driver().equals("none")) {
      return LogPolicy.NOTHING;
    }
    if (!List.of("", "json-file", "local").contains(spec.driver())) {
      throw EngineException.invalid(
          "logger: no log driver named '" + spec.driver() + "' is registered",
          "use json-file, local or none");
    }
    for (var option : spec.options().keySet()) {
      if (!LOG_OPTIONS.contains(option)) {
        throw EngineException.invalid(
            "unknown log opt '" + option + "' for " + spec.driver() + " log driver",
            "use max-size or max-file");
      }
    }
    var size = spec.options().get("max-size");
    long bytes = size == null ? LogPolicy.DEFAULT.fileBytes() : ByteSize.parse(size);
    return new LogPolicy(Math.max(4096, bytes), logFiles(spec.options().get("max-file")));
  }

  private static int logFiles(@org.jspecify.annotations.Nullable String text) {
    if (text == null) {
      return LOG_FILES;
    }
    try {
      int files = Integer.parseInt(text);
      if (files >= 1 && files <= MOST_LOG_FILES) {
        return files;
      }
    } catch (NumberFormatException e) {
      // told below
    }
    throw EngineException.invalid("invalid max-file '" + text + "'", "use 1 to " + MOST_LOG_FILES);
  }
}
