/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.snapshot;

import dev.caisson.virtio.device.DeviceType;
import dev.caisson.virtio.transport.MmioState;

/**
 * One virtio device in a snapshot.
 *
 * @param remembered what a {@code Restorable} device gave, empty for others
 */
public record DeviceState(DeviceType type, MmioState transport, byte[] remembered) {}
