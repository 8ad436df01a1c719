/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.container;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.image.ImageLibrary;
import dev.caisson.engine.image.ImageUsers;
import dev.caisson.engine.instance.Linker;
import dev.caisson.engine.instance.Surroundings;
import dev.caisson.engine.network.Fabric;
import dev.caisson.engine.network.MemberFinder;
import dev.caisson.engine.spec.MountSpec;
import dev.caisson.engine.spec.NetworkingSpec;
import dev.caisson.engine.view.NetworkView;
import dev.caisson.engine.volume.LocalVolumes;
import dev.caisson.engine.workload.Definition;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;

/** Makes the containers, and answers for them to the parts that are opened before. */
public final class ContainersOpener implements MemberFinder, ImageUsers {
  private final InstanceTable table = new InstanceTable();
  private final Supplier<List<Definition>> kept;

  /**
   * @param kept containers of snapshots, which stand on images too
   */
  public ContainersOpener(Supplier<List<Definition>> kept) {
    this.kept = kept;
  }

  /**
   * Opens and takes over what an engine before this one left: first what runs, then, once the
   * networks know of it, what is to be started again.
   */
  public LocalContainers open(
      Surroundings around,
      Chambers isolations,
      ImageLibrary images,
      LocalVolumes volumes,
      Fabric fabric) {
    var containers = new LocalContainers(around, isolations, images, volumes, table);
    try {
      containers.readopt();
      fabric.sweep();
    } catch (RuntimeException e) {
      fabric.close(); // what it has made on the host is of no use to anybody
      throw e;
    }
    around.settled().complete(null);
    return containers;
  }

  /**
   * The id of the container a reference names.
   *
   * @throws EngineException NOT_FOUND; INVALID when a prefix of an id fits several
   */
  public String id(String reference) {
    return table.find(reference).definition().id();
  }

  @Override
  public List<ImageUsers.User> of(String imageId) {
    var users = new ArrayList<ImageUsers.User>();
    for (var instance : table.all()) {
      if (instance.definition().image().id().equals(imageId)) {
        users.add(new ImageUsers.User(instance.definition().id(), instance.running()));
      }
    }
    for (var definition : kept.get()) {
      boolean known = users.stream().anyMatch(user -> user.containerId().equals(definition.id()));
      if (definition.image().id().equals(imageId) && !known) {
        users.add(new ImageUsers.User(definition.id(), false));
      }
    }
    return users;
  }

  @Override
  public Set<String> layers() {
    var layers = new TreeSet<String>();
    for (var instance : table.all()) {
      instance.definition().image().layers().forEach(layer -> layers.add(layer.id()));
    }
    kept.get().forEach(one -> one.image().layers().forEach(layer -> layers.add(layer.id())));
    return layers;
  }

  /** Which containers name a volume. */
  public Set<String> usersOfVolume(String volume) {
    var users = new TreeSet<String>();
    for (var instance : table.all()) {
      for (var mount : instance.definition().mounts()) {
        if (mount.spec() instanceof MountSpec.Volume named && named.name().equals(volume)) {
          users.add(instance.definition().id());
        }
      }
    }
    return users;
  }

  @Override
  public Found member(String reference) {
    var instance = table.find(reference);
    return new Found(
        Linker.member(instance.definition()),
        instance.running() ? Optional.of(instance.progress().network()) : Optional.empty(),
        instance.changesNetworks());
  }

  @Override
  public void changed(String id, NetworkingSpec spec, Optional<NetworkView> view) {
    table.find(id).networkChanged(spec, view);
  }
}
