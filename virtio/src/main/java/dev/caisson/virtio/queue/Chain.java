/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.queue;

/**
 * One request of a guest: bytes it wrote for the device, then room for the device's answer.
 *
 * <p>The guest can change the bytes at any moment. A device copies what it decides on, once.
 *
 * @param id what the queue wants back to complete the chain
 * @param slots ring slots the chain occupies (packed rings skip as many)
 */
public record Chain(int id, int slots, Buffers readable, Buffers writable) {}
