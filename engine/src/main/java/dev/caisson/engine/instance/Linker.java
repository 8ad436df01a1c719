/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.instance;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.network.Fabric;
import dev.caisson.engine.network.Link;
import dev.caisson.engine.spec.NetworkingSpec;
import dev.caisson.engine.view.NetworkView;
import dev.caisson.engine.workload.Definition;
import dev.caisson.engine.workload.HostFiles;
import dev.caisson.sandbox.workload.NetworkAttachment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/** Decides where a container's network stack comes from; real networks are the fabric's. */
public final class Linker {
  private final Fabric fabric;
  private final UnaryOperator<String> containerId;

  /**
   * @param containerId finds the full id of a container another one names
   */
  public Linker(Fabric fabric, UnaryOperator<String> containerId) {
    this.fabric = fabric;
    this.containerId = containerId;
  }

  /**
   * @throws EngineException NOT_FOUND, INVALID: what {@link #link} would find wrong anyway
   */
  public void check(Definition definition) {
    var mode = definition.spec().networking().mode();
    if (mode.startsWith("container:")) {
      if (!definition.spec().networking().published().isEmpty()) {
        throw EngineException.invalid(
            "conflicting options: port publishing and the container type network mode",
            "publish at the container that owns the network");
      }
      var unused = containerId.apply(owner(mode));
    } else if (isReal(definition)) {
      fabric.check(definition.spec().networking());
    }
  }

  /**
   * For a plan that is only shown: it is not what would be done where no networks can be made.
   *
   * @throws EngineException UNSUPPORTED
   */
  public void requireNetworks(Definition definition) {
    if (isReal(definition) && fabric.closed().isPresent()) {
      fabric.check(definition.spec().networking());
    }
  }

  /** Whether what is connected so has loopback alone. */
  public boolean isolates(NetworkingSpec spec) {
    return spec.mode().equals("none") || replacement(spec).isPresent();
  }

  /** Connects a container that starts now. */
  Link link(Definition definition) {
    var mode = definition.spec().networking().mode();
    if (isReal(definition)) {
      return fabric.attach(member(definition));
    }
    var shown = mode.equals("default") ? "none" : mode;
    return new Link(
        mode(mode, NetworkView.none()), builtIn(shown), List.of(), List.of(), List.of());
  }

  /** Takes the connection away again. */
  void unlink(Definition definition, NetworkView former) {
    if (isReal(definition) || former.namespacePath().isPresent()) {
      fabric.detach(member(definition), former);
    }
  }

  /** Says that a running container still has its connection. */
  void adopt(Definition definition, NetworkView current) {
    if (isReal(definition) || current.namespacePath().isPresent()) {
      fabric.adopt(member(definition), current);
    }
  }

  /** What the isolation is told of a new link. */
  NetworkAttachment attachment(Link link, HostFiles files) {
    return withFiles(link.mode(), files);
  }

  /** The same of a link made by an engine before this one. */
  NetworkAttachment attachment(Definition definition, NetworkView view, HostFiles files) {
    return withFiles(mode(definition.spec().networking().mode(), view), files);
  }

  /** What it would be told, for a plan that is only shown. */
  public NetworkAttachment example(Definition definition) {
    var mode = definition.spec().networking().mode();
    return isReal(definition)
        ? NetworkAttachment.prepared(Path.of("/run/caisson/net").resolve(definition.shortId()))
        : new NetworkAttachment(
            mode(mode, NetworkView.none()), Optional.empty(), Optional.empty(), Optional.empty());
  }

  private static NetworkAttachment withFiles(NetworkAttachment.Mode mode, HostFiles files) {
    return new NetworkAttachment(
        mode,
        Optional.of(files.resolvConf()),
        Optional.of(files.hosts()),
        Optional.of(files.hostname()));
  }

  private NetworkAttachment.Mode mode(String mode, NetworkView view) {
    if (mode.equals("host")) {
      return new NetworkAttachment.OfHost();
    }
    if (mode.startsWith("container:")) {
      return new NetworkAttachment.OfSandbox(containerId.apply(owner(mode)));
    }
    return view.namespacePath()
        .<NetworkAttachment.Mode>map(path -> new NetworkAttachment.Prepared(Path.of(path)))
        .orElseGet(NetworkAttachment.Isolated::new);
  }

  private static NetworkView builtIn(String mode) {
    if (mode.startsWith("container:")) {
      return NetworkView.none();
    }
    var endpoint =
        new NetworkView.EndpointView("", "", "", 0, "", "", 0, "", "", List.of(), List.of());
    return new NetworkView(Optional.empty(), List.of(), Set.of(), Map.of(mode, endpoint));
  }

  private boolean isReal(Definition definition) {
    var mode = definition.spec().networking().mode();
    return !mode.equals("host")
        && !mode.equals("none")
        && !mode.startsWith("container:")
        && replacement(definition.spec().networking()).isEmpty();
  }

  /**
   * What a container that asked for nothing in particular is told when it gets loopback alone, as
   * no networks can be made here.
   */
  public Optional<String> replacement(NetworkingSpec spec) {
    boolean undemanding =
        spec.mode().equals("default")
            && spec.published().isEmpty()
            && !spec.publishAll()
            && spec.endpoints().isEmpty();
    return undemanding
        ? fabric
            .closed()
            .map(obstacle -> "Only loopback, as with --network none: " + obstacle.reason())
        : Optional.empty();
  }

  private static String owner(String mode) {
    return mode.substring("container:".length());
  }

  /** A container as its networks know it. */
  public static Fabric.Member member(Definition definition) {
    return new Fabric.Member(
        definition.id(),
        definition.name(),
        definition.effective().hostname(),
        definition.spec().networking(),
        definition.exposed());
  }
}
