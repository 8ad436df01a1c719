/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * qcow2 images. {@link dev.caisson.disk.qcow2.Qcow2Disk} is the disk, {@code Image} its file and
 * tables, {@code ClusterMap} which cluster lies where, {@code Allocator} and {@code Refcounts} what
 * is free. The names follow QEMU's docs/interop/qcow2.txt.
 */
package dev.caisson.disk.qcow2;
