/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.container;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.image.ImageLibrary;
import dev.caisson.engine.instance.Failures;
import dev.caisson.engine.instance.Instance;
import dev.caisson.engine.instance.Places;
import dev.caisson.engine.instance.Progress;
import dev.caisson.engine.instance.Surroundings;
import dev.caisson.engine.spec.CloneSpec;
import dev.caisson.engine.spec.HealthcheckSpec;
import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.engine.spec.MountSpec;
import dev.caisson.engine.text.Signal;
import dev.caisson.engine.view.Created;
import dev.caisson.engine.workload.Definition;
import dev.caisson.engine.workload.EffectiveConfig;
import dev.caisson.engine.workload.MountPoint;
import dev.caisson.sandbox.ability.Explainable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Makes containers of what was asked for, or shows how they would be started. */
final class Creation {
  private static final Duration SHORTEST_CHECK = Duration.ofMillis(1);

  private final Surroundings around;
  private final Chambers isolations;
  private final ImageLibrary images;
  private final MountPlanner mounts;
  private final Registration registration;
  private final Departures departures;

  Creation(
      Surroundings around,
      Chambers isolations,
      ImageLibrary images,
      MountPlanner mounts,
      Registration registration,
      Departures departures) {
    this.around = around;
    this.isolations = isolations;
    this.images = images;
    this.mounts = mounts;
    this.registration = registration;
    this.departures = departures;
  }

  /** As {@link LocalContainers#create}. */
  Created create(InstanceSpec spec) {
    return create(newId(spec), spec.name(), (id, name) -> define(spec, id, name));
  }

  /** As {@link LocalContainers#createLike}. */
  Created createLike(Definition kept, CloneSpec clone) {
    return create(registration.newId(), clone.name(), (id, name) -> alike(kept, clone, id, name));
  }

  private Definition alike(Definition kept, CloneSpec clone, String id, String name) {
    var mounts = kept.mounts().stream().map(Creation::again).toList();
    var spec = clone.of(kept.spec(), kept.isolation(), mounts);
    isolations.available(kept.isolation());
    var effective = EffectiveConfig.merge(spec, kept.image().config(), id);
    return new Definition(
        id,
        name,
        around.clock().instant(),
        spec,
        effective,
        kept.image(),
        kept.isolation(),
        this.mounts.plan(spec.storage(), effective.volumes()));
  }

  /** An anonymous volume is made anew, all else is the same again. */
  private static MountSpec again(MountPoint point) {
    return point.anonymous() && point.spec() instanceof MountSpec.Volume volume
        ? new MountSpec.Volume(
            "",
            volume.target(),
            volume.readOnly(),
            volume.noCopy(),
            volume.subpath(),
            volume.driver(),
            volume.driverOptions(),
            volume.labels())
        : point.spec();
  }

  /** Defines a container that has its id and its name. */
  @FunctionalInterface
  private interface Defining {
    Definition of(String id, String name);
  }

  private String newId(InstanceSpec spec) {
    try {
      var isolation = isolations.named(isolation(spec));
      return registration.newId(
          isolation, around.compiler().outline(spec, around.linker().isolates(spec.networking())));
    } catch (EngineException toldWhenItIsDefined) {
      return registration.newId();
    }
  }

  private String isolation(InstanceSpec spec) {
    return spec.isolation().filter(word -> !word.isEmpty()).orElse(isolations.standard());
  }

  private Created create(String id, Optional<String> wanted, Defining defining) {
    var name = registration.claim(wanted, id);
    try {
      var definition = defining.of(id, name);
      var spec = definition.spec();
      // Compiled once now, so that what cannot be is refused before anything is stored.
      var isolation = isolations.available(definition.isolation());
      var discarded =
          isolation.review(
              around.compiler().compile(definition, around.linker().example(definition)));
      around.linker().check(definition);
      var instance =
          new Instance(around, isolation, definition, Progress.created(), departures::removed);
      instance.save();
      registration.add(instance);
      instance.event("create");
      return new Created(id, Stream.concat(warnings(spec).stream(), discarded.stream()).toList());
    } catch (RuntimeException e) {
      registration.release(name, id);
      throw Failures.translate(e);
    }
  }

  private Definition define(InstanceSpec spec, String id, String name) {
    var isolation = isolation(spec);
    isolations.available(isolation);
    var template = images.template(spec.image(), spec.platform());
    var effective = EffectiveConfig.merge(spec, template.config(), id);
    Signal.parse(effective.stopSignal());
    spec.healthcheck().ifPresent(Creation::requireMeasurable);
    return new Definition(
        id,
        name,
        around.clock().instant(),
        spec,
        effective,
        template,
        isolation,
        mounts.plan(spec.storage(), effective.volumes()));
  }

  private static void requireMeasurable(HealthcheckSpec check) {
    Stream.of(check.interval(), check.timeout(), check.startPeriod(), check.startInterval())
        .flatMap(Optional::stream)
        .filter(time -> !time.isZero() && time.compareTo(SHORTEST_CHECK) < 0)
        .findFirst()
        .ifPresent(time -> {
          throw EngineException.invalid(
              "a time of the health check cannot be less than 1ms: " + time.toNanos() + "ns",
              "give a unit, as in 30s");
        });
  }

  private List<String> warnings(InstanceSpec spec) {
    var warnings = new ArrayList<String>();
    if (spec.resources().kernelMemory().isPresent()) {
      warnings.add("Kernel memory limits are gone from the kernel; it was discarded.");
    }
    if (spec.networking().mode().equals("host") && !spec.networking().published().isEmpty()) {
      warnings.add("Published ports are discarded when using host network mode");
    }
    around.linker().replacement(spec.networking()).ifPresent(warnings::add);
    return warnings;
  }

  /** Of an image, with what was asked; or of the container of that name, as it is. */
  private Definition explained(
      InstanceSpec spec, String id, String name, Optional<Definition> container) {
    try {
      return define(spec, id, name);
    } catch (EngineException e) {
      if (e.kind() != EngineException.Kind.NOT_FOUND) {
        throw e;
      }
      return container.orElseThrow(() -> e);
    }
  }

  /**
   * As {@link LocalContainers#explain}.
   *
   * @param container of the name that {@code spec} has for its image
   */
  String explain(InstanceSpec spec, boolean json, Optional<Definition> container) {
    var id = registration.newId();
    try {
      var name = spec.name().orElse("example");
      var definition = explained(spec, id, name, container);
      var isolation = isolations.available(definition.isolation());
      if (!(isolation instanceof Explainable explainable)) {
        throw EngineException.unsupported(
            "isolation " + definition.isolation() + " cannot explain its plans",
            "choose another --isolation");
      }
      around.linker().requireNetworks(definition);
      var workload = around.compiler().compile(definition, around.linker().example(definition));
      isolation.review(workload);
      var place = Places.of(around.root(), around.run(), id);
      var explanation = explainable.explain(workload, place);
      var note = around.linker().replacement(spec.networking());
      return json
          ? explanation.json()
          : explanation.table() + note.map(text -> "\n" + text + "\n").orElse("");
    } catch (RuntimeException e) {
      throw Failures.translate(e);
    }
  }
}
