/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.device;

import dev.caisson.cli.words.Words;
import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.file.DiskFiles;
import dev.caisson.disk.file.DiskOptions;
import dev.caisson.virtio.block.BlockDevice;
import dev.caisson.virtio.block.BlockSettings;
import java.util.Optional;
import picocli.CommandLine.Command;

@Command(
    name = "block",
    description = "Lend a disk to another VMM's machine over vhost-user, until interrupted")
final class LendDisk extends DeviceCommand {
  private static final int BLOCK = 4096;

  private String file = "";
  private String socket = "";
  private String format = "";
  private String serial = "";
  private boolean readOnly;
  private int queues = 1;

  @Override
  void declare(Words words) {
    words.value("FILE", "Unix socket to listen on", value -> socket = value, "-k", "--socket");
    words.value("FORMAT", "the format, instead of looking", value -> format = value, "-f");
    words.flag("the machine cannot write", () -> readOnly = true, "-r", "--read-only");
    words.number("N", "queues, 1 to 64; default 1", value -> queues = value, "--queues");
    words.value(
        "TEXT",
        "serial number, up to 20 characters; udev names the disk by it",
        value -> serial = value,
        "--serial");
    words.argument(
        "DISK", "qcow2, raw or another format caisson disk reads", value -> file = value);
  }

  @Override
  void lendAll() {
    var settings = new BlockSettings(serial, queues, !readOnly, BLOCK, 0);
    var options = DiskOptions.READ.withWritable(!readOnly).withFormat(format());
    var disk = DiskFiles.open(path(file), options);
    lend("lending " + path(file), new BlockDevice(disk, settings), socket);
  }

  private Optional<DiskFormat> format() {
    return format.isEmpty()
        ? Optional.empty()
        : Optional.of(
            DiskFormat.named(format)
                .orElseThrow(
                    () -> new IllegalArgumentException("unknown disk format '" + format + "'")));
  }
}
