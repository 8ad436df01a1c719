/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.kernel;

import java.nio.file.Path;

/**
 * A kernel guests can boot.
 *
 * @param version as its modules' directory is called, such as {@code 6.1.0-56-cloud-amd64}
 * @param source where it came from, for people
 * @param image the packed kernel
 * @param modules directory of its loadable modules; need not exist
 */
public record GuestKernel(String version, String source, Path image, Path modules) {}
