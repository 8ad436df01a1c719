/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.transport;

import java.util.List;
import java.util.OptionalInt;

/** Who works on a device's queues while its driver is there. Used under the transport's lock. */
sealed interface Serving permits OwnService, ForeignService {
  /**
   * Begins with the queues that are ready.
   *
   * @throws dev.caisson.virtio.VirtioException when the device does not begin
   */
  void start(long features, MmioQueue[] queues);

  /**
   * Returns when nobody is in the queues any more, with where the device stands in each; nothing if
   * it had not started.
   */
  List<OptionalInt> halt();
}
