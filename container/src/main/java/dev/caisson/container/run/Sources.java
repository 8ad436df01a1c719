/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.launch.Handle;
import dev.caisson.launch.Namespace;
import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.linux.file.Resolution;
import dev.caisson.linux.mount.DetachedMount;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.workload.Mount;
import dev.caisson.sandbox.workload.Namespaces;
import dev.caisson.sandbox.workload.NetworkAttachment;
import dev.caisson.sandbox.workload.Workload;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * The host's side of mounts and shared namespaces. What somebody could swap while we look (a path
 * within a volume, another container's /dev/shm) is opened here and handed over open.
 */
final class Sources implements AutoCloseable {
  private final Workload workload;
  private final Map<String, Container> others;
  private final boolean apart;
  private final List<Fd> passed = new ArrayList<>();

  /**
   * @param apart whether whoever opens them may see none of the host's mounts
   */
  Sources(Workload workload, Map<String, Container> others, boolean apart) {
    this.workload = workload;
    this.others = others;
    this.apart = apart;
  }

  /** Files the stub inherits, in the order of their numbers from 5 on. */
  List<Fd> passed() {
    return passed;
  }

  /** Adds a file to those the stub inherits and names it for the plan. */
  Handle pass(Fd file) {
    passed.add(file);
    return Handle.descriptor(Handle.FIRST_DESCRIPTOR + passed.size() - 1);
  }

  Map<Mount, Handle> mounts() {
    var handles = new HashMap<Mount, Handle>();
    for (Mount mount : workload.mounts().mounts()) {
      switch (mount) {
        case Mount.Bind bind -> {
          requirePresent(bind.source(), bind.target());
          handles.put(mount, Handle.path(bind.source().toString()));
        }
        case Mount.Volume volume -> handles.put(mount, volume(volume));
        case Mount.Tmpfs _ -> {}
      }
    }
    return handles;
  }

  private static void requirePresent(Path source, String target) {
    if (!Files.exists(source)) {
      throw SandboxException.invalid(
          "mount " + target, source + " does not exist on the host; create it first");
    }
  }

  private Handle volume(Mount.Volume volume) {
    requirePresent(volume.directory(), volume.target());
    if (volume.subpath().isEmpty()) {
      return Handle.path(volume.directory().toString());
    }
    try (Directory directory = Directory.open(volume.directory())) {
      return pass(directory.locate(volume.subpath(), Resolution.IN_ROOT));
    }
  }

  /** Namespaces that are taken from elsewhere. */
  Map<Namespace, Handle> namespaces() {
    var joined = new EnumMap<Namespace, Handle>(Namespace.class);
    Namespaces wanted = workload.namespaces();
    join(wanted.pid(), Namespace.PID, "pid", joined);
    join(wanted.ipc(), Namespace.IPC, "ipc", joined);
    join(wanted.uts(), Namespace.UTS, "uts", joined);
    switch (workload.network().mode()) {
      case NetworkAttachment.Prepared prepared ->
          joined.put(Namespace.NETWORK, namespaceAt(prepared.namespace()));
      case NetworkAttachment.OfSandbox of ->
          joined.put(Namespace.NETWORK, namespaceOf(of.id(), "net"));
      case NetworkAttachment.Isolated _, NetworkAttachment.OfHost _ -> {}
    }
    return joined;
  }

  private void join(
      Namespaces.Mode mode, Namespace kind, String file, Map<Namespace, Handle> joined) {
    switch (mode) {
      case Namespaces.AtPath at -> joined.put(kind, Handle.path(at.path().toString()));
      case Namespaces.OfSandbox of -> joined.put(kind, namespaceOf(of.id(), file));
      case Namespaces.Own _, Namespaces.OfHost _ -> {}
    }
  }

  private Handle namespaceAt(Path path) {
    return apart ? pass(Directory.openFile(path, 0, OpenFlag.READ)) : Handle.path(path.toString());
  }

  /**
   * The files that the engine keeps for it, each a mount that is attached nowhere yet; empty if one
   * cannot be had, which the step that mounts it tells.
   */
  Optional<Map<Path, Handle>> files() {
    NetworkAttachment network = workload.network();
    var mounts = new HashMap<Path, Handle>();
    try {
      Stream.of(network.resolvConf(), network.hosts(), network.hostnameFile())
          .flatMap(Optional::stream)
          .forEach(file -> mounts.put(file, pass(DetachedMount.clone(file, false).fd())));
    } catch (LinuxException missing) {
      return Optional.empty();
    }
    return Optional.of(mounts);
  }

  private Handle namespaceOf(String id, String file) {
    return pass(
        Directory.openFile(Path.of("/proc/" + pidOf(id) + "/ns/" + file), 0, OpenFlag.READ));
  }

  private int pidOf(String id) {
    Container other = others.get(id);
    OptionalInt pid = other == null ? OptionalInt.empty() : other.pid();
    return pid.orElseThrow(() ->
        new SandboxException(
            SandboxException.Kind.WRONG_STATE,
            "container " + id + " does not run, so its namespaces cannot be shared"));
  }

  /** /dev/shm of whoever the IPC namespace is shared with; empty for one of one's own. */
  Optional<Handle> sharedMemory() {
    return switch (workload.namespaces().ipc()) {
      case Namespaces.OfHost _ -> Optional.of(Handle.path("/dev/shm"));
      case Namespaces.OfSandbox of -> {
        try (Directory root = Directory.open(Path.of("/proc/" + pidOf(of.id()) + "/root"))) {
          yield Optional.of(pass(root.locate("dev/shm", Resolution.IN_ROOT)));
        }
      }
      case Namespaces.Own _, Namespaces.AtPath _ -> Optional.empty();
    };
  }

  @Override
  public void close() {
    passed.forEach(Fd::close);
  }
}
