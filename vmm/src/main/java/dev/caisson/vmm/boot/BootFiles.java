/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.boot;

import java.nio.file.Path;
import java.util.Optional;

/**
 * What a machine starts from.
 *
 * @param kernel an ELF kernel, best one that {@link KernelCache} unpacked, or a bzImage
 * @param initialFiles an initramfs
 * @param commandLine ASCII, at most 2,047 bytes
 */
public record BootFiles(Path kernel, Optional<Path> initialFiles, String commandLine) {}
