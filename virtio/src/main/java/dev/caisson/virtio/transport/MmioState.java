/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.transport;

import java.util.List;

/**
 * A transport as a value, for a snapshot.
 *
 * @param status as the driver sees it
 * @param driverFeatures what the driver accepted
 */
public record MmioState(
    int status,
    long driverFeatures,
    int deviceFeaturesSelector,
    int driverFeaturesSelector,
    int queueSelector,
    int interruptStatus,
    List<MmioQueue> queues) {
  public MmioState {
    queues = List.copyOf(queues);
  }
}
