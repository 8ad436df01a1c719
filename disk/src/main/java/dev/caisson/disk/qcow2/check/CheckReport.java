/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.check;

import java.util.List;

/**
 * What a check found, with the numbers qemu-img check gives.
 *
 * @param corruptions references and counts that can destroy data; left after any repair
 * @param leaks clusters counted but used by nobody; left after any repair
 * @param corruptionsFixed how many were set right
 * @param leaksFixed how many leaked clusters were freed
 * @param totalClusters clusters of the disk
 * @param allocatedClusters of those, stored
 * @param fragmentedClusters of those, not behind their predecessor
 * @param compressedClusters of those, packed
 * @param imageEnd first byte after the last cluster in use
 * @param messages the first findings, one line each
 */
public record CheckReport(
    long corruptions,
    long leaks,
    long corruptionsFixed,
    long leaksFixed,
    long totalClusters,
    long allocatedClusters,
    long fragmentedClusters,
    long compressedClusters,
    long imageEnd,
    List<String> messages) {

  /** Whether nothing is wrong any more. */
  public boolean clean() {
    return corruptions == 0 && leaks == 0;
  }
}
