/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.bus;

/**
 * Registers a guest reaches by ports or by memory addresses. Several vCPUs may come at once.
 *
 * <p>Nothing a guest does here is an error of the caller: what makes no sense is ignored and reads
 * as ones or zeroes.
 */
public interface Registers {
  /**
   * @param offset from the device's first register
   * @param size 1, 2, 4 or 8 bytes, which may reach beyond the device
   */
  long read(long offset, int size);

  /**
   * @param size 1, 2, 4 or 8 bytes, which may reach beyond the device
   */
  void write(long offset, int size, long value);
}
