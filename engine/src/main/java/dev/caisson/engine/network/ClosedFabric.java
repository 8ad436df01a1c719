/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.network;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.Filters;
import dev.caisson.engine.spec.EndpointSpec;
import dev.caisson.engine.spec.NetworkSpec;
import dev.caisson.engine.spec.NetworkingSpec;
import dev.caisson.engine.view.NetworkInfo;
import dev.caisson.engine.view.NetworkView;
import dev.caisson.engine.view.PruneReport;
import dev.caisson.network.Obstacle;
import java.util.List;
import java.util.Optional;

/** For a host on which no networks can be made: refuses them, and says what works instead. */
public final class ClosedFabric implements Fabric {
  private final Obstacle obstacle;

  /**
   * @param obstacle why there are none
   */
  public ClosedFabric(Obstacle obstacle) {
    this.obstacle = obstacle;
  }

  private EngineException refusal() {
    return refusal(obstacle);
  }

  static EngineException refusal(Obstacle obstacle) {
    var otherwise = "use --network none or --network host";
    return EngineException.unsupported(
        "networks cannot be made here: " + obstacle.reason(),
        obstacle.remedy().isEmpty() ? otherwise : obstacle.remedy() + "; otherwise " + otherwise);
  }

  @Override
  public Optional<Obstacle> closed() {
    return Optional.of(obstacle);
  }

  @Override
  public void check(NetworkingSpec spec) {
    throw refusal();
  }

  @Override
  public Link attach(Member member) {
    throw refusal();
  }

  @Override
  public void detach(Member member, NetworkView former) {}

  @Override
  public void adopt(Member member, NetworkView current) {}

  @Override
  public void sweep() {}

  @Override
  public void close() {}

  @Override
  public String create(NetworkSpec spec) {
    throw refusal();
  }

  @Override
  public NetworkInfo inspect(String reference) {
    return ModeNetworks.find(reference)
        .orElseThrow(() -> EngineException.notFound("network " + reference + " not found"));
  }

  @Override
  public List<NetworkInfo> list(Filters filters) {
    return ModeNetworks.accepted(new NetworkFilter(filters)).toList();
  }

  @Override
  public void connect(String reference, String container, EndpointSpec endpoint) {
    throw refusal();
  }

  @Override
  public void disconnect(String reference, String container, boolean force) {
    throw refusal();
  }

  @Override
  public void remove(String reference) {
    throw EngineException.notFound("network " + reference + " not found");
  }

  @Override
  public PruneReport prune(Filters filters) {
    return new PruneReport(List.of(), 0);
  }
}
