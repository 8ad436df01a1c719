/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.boot;

/**
 * What is in memory beside the kernel.
 *
 * @param initialFiles guest physical address of the initramfs
 * @param initialFilesSize bytes, 0 without one
 */
record Loaded(long initialFiles, long initialFilesSize) {}
