/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.device;

import dev.caisson.cli.words.Words;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.virtio.fs.Export;
import dev.caisson.virtio.fs.FileSystemDevice;
import dev.caisson.virtio.fs.FuseServer;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Command;

@Command(
    name = "fs",
    description = "Lend a directory to another VMM's machine, as virtiofsd does, until interrupted")
final class LendTree extends DeviceCommand {
  private static final int MOST_FILES = 200_000;

  private String directory = "";
  private String socket = "";
  private boolean readOnly;
  private boolean plain;
  private int queues = 1;
  private int seconds = 1;

  @Override
  void declare(Words words) {
    words.value("FILE", "Unix socket to listen on", value -> socket = value, "-k", "--socket");
    words.flag("the machine cannot change anything", () -> readOnly = true, "-r", "--read-only");
    words.number("N", "request queues, 1 to 64; default 1", value -> queues = value, "--queues");
    words.number(
        "SECONDS",
        "how long the machine trusts what it knows, 0 to 86400; default 1, more only where nobody"
            + " else changes the directory",
        value -> seconds = value,
        "--cache");
    words.flag("no extended attributes, as virtiofsd's default", () -> plain = true, "--no-xattr");
    words.argument("DIRECTORY", "the directory", value -> directory = value);
  }

  @Override
  void lendAll() {
    Path path = path(directory);
    if (!Files.isDirectory(path)) {
      throw new IllegalArgumentException(path + " is no directory");
    }
    if (queues < 1 || queues > 64) {
      throw new IllegalArgumentException("--queues " + queues + " is not 1 to 64");
    }
    var export = new Export("root", Directory.openFile(path, 0, OpenFlag.PATH), readOnly, seconds);
    var server = FuseServer.rootedAt(export, MOST_FILES, !plain);
    lend("lending " + path, new FileSystemDevice("caisson", queues, server), socket);
  }
}
