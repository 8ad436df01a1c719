/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.snapshot;

/**
 * The serial port in a snapshot, register by register.
 *
 * @param emptied whether the guest has yet to hear that the transmitter is empty
 * @param input bytes the guest has not read yet
 */
public record SerialState(
    int enabled,
    int lineControl,
    int modemControl,
    int scratch,
    int divisor,
    boolean fifo,
    boolean emptied,
    byte[] input) {}
