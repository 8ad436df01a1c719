/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk;

import java.time.Duration;
import java.time.Instant;
import java.util.OptionalLong;

/**
 * An earlier state kept inside a disk.
 *
 * @param id short and unique within the disk; qcow2 counts from 1
 * @param name what the user called it
 * @param created when it was taken
 * @param guestClock how long the guest had run by then
 * @param diskSize size of the disk at that moment, in bytes
 * @param stateSize bytes of machine state kept with it; 0 for none
 * @param instructionCount instructions the guest had executed, where somebody counted
 */
public record Snapshot(
    String id,
    String name,
    Instant created,
    Duration guestClock,
    long diskSize,
    long stateSize,
    OptionalLong instructionCount) {}
