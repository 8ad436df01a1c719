/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Formats of other virtual machines, read only, to convert from them: VMDK, VHD, VHDX and VDI.
 * Every field of such a file is hostile until checked, and no table is held in memory whole. Start
 * at {@link dev.caisson.disk.foreign.ForeignDisk}.
 */
package dev.caisson.disk.foreign;
