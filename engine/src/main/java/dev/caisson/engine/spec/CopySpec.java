/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.spec;

/**
 * How a tar stream is unpacked into a container.
 *
 * @param noOverwriteDirectoryWithFile refuse to put a file in place of a directory or the reverse
 * @param copyOwners keep the owners of the archive; otherwise root's
 */
public record CopySpec(boolean noOverwriteDirectoryWithFile, boolean copyOwners) {}
