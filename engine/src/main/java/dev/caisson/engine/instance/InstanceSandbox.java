/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.instance;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.EngineOptions;
import dev.caisson.engine.view.NetworkView;
import dev.caisson.engine.workload.HostFiles;
import dev.caisson.sandbox.Isolation;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.Sandbox;
import dev.caisson.sandbox.SandboxState;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The sandbox of one container's present, last or next run, with its directories and its network.
 * Made, adopted and dropped by whoever has the turn.
 */
final class InstanceSandbox {
  private final Surroundings around;
  private final Isolation isolation;
  private final InstanceRecord record;
  private final Place place;
  private volatile @Nullable Sandbox current;

  InstanceSandbox(Surroundings around, Isolation isolation, InstanceRecord record) {
    this.around = around;
    this.isolation = isolation;
    this.record = record;
    this.place = Places.of(around.root(), around.run(), record.definition().id());
  }

  boolean changesNetworks() {
    return isolation.changesNetworks();
  }

  Place place() {
    return place;
  }

  HostFiles hostFiles() {
    return new HostFiles(place.run());
  }

  Optional<Sandbox> current() {
    return Optional.ofNullable(current);
  }

  @SuppressWarnings("ReferenceEquality") // every run has a sandbox of its own
  boolean is(Sandbox which) {
    return current == which;
  }

  /** True when a run has left something on this host. */
  boolean hasTraces() {
    return Places.exists(place);
  }

  /** True when a run was prepared, and perhaps begun, since the host was booted. */
  boolean wasPrepared() {
    return Places.wasPrepared(place);
  }

  /**
   * @throws EngineException CONFLICT when it does not run
   */
  Sandbox requireRunning() {
    var found = current;
    if (!record.running() || found == null) {
      throw EngineException.conflict(
          "container " + record.definition().id() + " is not running",
          "caisson start " + record.name());
    }
    return found;
  }

  /**
   * @throws EngineException UNSUPPORTED, saying that such a container cannot do {@code what}
   */
  <A> A ability(Sandbox sandbox, Class<A> type, String what) {
    return sandbox
        .ability(type)
        .orElseThrow(() ->
            EngineException.unsupported(
                "a container of isolation " + record.definition().isolation() + " cannot " + what,
                "choose another --isolation"));
  }

  /** That of the present run, or else of the next: network and files are made for it. */
  Sandbox ready() {
    var known = current;
    if (known != null && known.state() != SandboxState.EXITED) {
      return known;
    }
    Places.make(place);
    var definition = record.definition();
    var link = around.linker().link(definition);
    remember(link.view());
    hostFiles().write(definition, link);
    var attachment = around.linker().attachment(link, hostFiles());
    var created = isolation.create(around.compiler().compile(definition, attachment), place);
    current = created;
    return created;
  }

  /** Where nothing outside was made for it, nothing need be written down to be undone. */
  private void remember(NetworkView view) {
    var linked = record.progress().linked(view);
    if (view.namespacePath().isPresent()) {
      record.save(linked);
    } else {
      record.assume(linked);
    }
  }

  /** That of a run an engine before this one began. */
  Sandbox adopted() {
    var definition = record.definition();
    var attachment =
        around.linker().attachment(definition, record.progress().network(), hostFiles());
    var found = isolation.adopt(around.compiler().compile(definition, attachment), place);
    current = found;
    return found;
  }

  /** As it is, for reading: that of the present or the last run, or a prepared one. */
  Sandbox known() {
    var found = current;
    if (found != null) {
      return found;
    }
    return hasTraces() ? adopted() : ready();
  }

  /** Says that a run of an engine before this one still has its network. */
  void adoptNetwork() {
    around.linker().adopt(record.definition(), record.progress().network());
  }

  /** Takes the network of a run away. */
  void unlink(NetworkView former) {
    around.linker().unlink(record.definition(), former);
  }

  /** After a start that came to nothing: the next one begins anew. */
  void drop() {
    unlink(record.progress().network());
    current = null;
  }

  /** Takes away all that runs have left on this host. */
  void delete() {
    var found = current;
    if (found == null && hasTraces()) {
      found = adopted();
    }
    if (found != null) {
      found.delete();
    }
    unlink(record.progress().network());
    Places.remove(place, EngineOptions.aside(around.root()));
  }

  /** After {@link #delete}. */
  void forget() {
    current = null;
  }
}
