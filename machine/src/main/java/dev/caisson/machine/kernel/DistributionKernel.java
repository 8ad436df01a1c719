/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.kernel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The distribution's kernel for virtual machines, fetched and unpacked by its own package tools.
 * Nothing is installed: only the kernel store changes.
 */
public final class DistributionKernel {
  private static final String LATEST = "linux-image-cloud-amd64";
  private static final String PREFIX = "linux-image-";
  private static final String REMEDY =
      "; on Debian run 'apt-get update' first, elsewhere 'caisson kernel add VMLINUZ MODULES'";

  private DistributionKernel() {}

  /** Fetches the newest one into the store and makes it current. */
  public static GuestKernel fetch(KernelStore store) throws IOException {
    Files.createDirectories(store.directory());
    Path work = Files.createTempDirectory(store.directory(), ".fetch-");
    try {
      var tools = new PackageTools(work, REMEDY);
      String name = tools.newest(LATEST, PREFIX);
      Path archive = tools.download(name);
      tools.run("dpkg-deb", "-x", archive.toString(), "tree");
      String version = name.substring(PREFIX.length());
      Path tree = work.resolve("tree");
      String source = "package " + archive.getFileName();
      return store.add(
          version,
          source,
          tree.resolve("boot/vmlinuz-" + version),
          tree.resolve("lib/modules/" + version + "/kernel"));
    } finally {
      KernelStore.deleteTree(work);
    }
  }
}
