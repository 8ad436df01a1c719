/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.table;

import dev.caisson.engine.Engine;
import dev.caisson.engine.Filters;
import dev.caisson.engine.view.InstanceSummary;
import dev.caisson.engine.view.NetworkInfo;
import dev.caisson.engine.view.SnapshotInfo;
import dev.caisson.engine.view.VolumeInfo;
import dev.caisson.machine.kernel.GuestKernel;
import dev.caisson.machine.kernel.KernelStore;
import java.util.List;

/** What an engine has. */
final class EngineNames implements KnownNames {
  private static final String DEFAULT_TAG = ":latest";

  private final Engine engine;

  EngineNames(Engine engine) {
    this.engine = engine;
  }

  @Override
  public List<String> containers() {
    return engine.containers().list(true, 0, false, Filters.none()).stream()
        .map(InstanceSummary::name)
        .toList();
  }

  @Override
  public List<String> images() {
    return engine.images().list(false, Filters.none()).stream()
        .flatMap(one -> one.tags().stream())
        .map(tag ->
            tag.endsWith(DEFAULT_TAG) ? tag.substring(0, tag.length() - DEFAULT_TAG.length()) : tag)
        .toList();
  }

  @Override
  public List<String> networks() {
    return engine.networks().list(Filters.none()).stream().map(NetworkInfo::name).toList();
  }

  @Override
  public List<String> snapshots() {
    return engine.snapshots().list(Filters.none()).stream().map(SnapshotInfo::name).toList();
  }

  @Override
  public List<String> volumes() {
    return engine.volumes().list(Filters.none()).stream().map(VolumeInfo::name).toList();
  }

  @Override
  public List<String> kernels() {
    return KernelStore.below(engine.host().info().root()).all().stream()
        .map(GuestKernel::version)
        .toList();
  }

  @Override
  public List<String> isolations() {
    return List.copyOf(engine.host().info().isolations().keySet());
  }
}
