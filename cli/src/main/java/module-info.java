/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The caisson command: what is said, what is shown, and the door through which callers reach the
 * engine's process.
 *
 * <p>It decides nothing about containers. Start at {@code dev.caisson.cli.table.CommandTable}; the
 * front end that passes a caller's words and descriptors on is {@code src/main/c}.
 */
@org.jspecify.annotations.NullMarked
module dev.caisson.cli {
  requires static org.jspecify;
  requires dev.caisson.build;
  requires dev.caisson.disk;
  requires dev.caisson.engine;
  requires dev.caisson.linux;
  requires dev.caisson.machine;
  requires dev.caisson.server;
  requires dev.caisson.virtio;
  requires info.picocli;
  requires org.apache.commons.compress;

  exports dev.caisson.cli.command;
  exports dev.caisson.cli.console;

  opens dev.caisson.cli.command to
      info.picocli;
  opens dev.caisson.cli.container to
      info.picocli;
  opens dev.caisson.cli.host to
      info.picocli;
  opens dev.caisson.cli.image to
      info.picocli;
  opens dev.caisson.cli.option to
      info.picocli;
  opens dev.caisson.cli.table to
      info.picocli;

  provides dev.caisson.cli.command.CommandProvider with
      dev.caisson.cli.device.DeviceCommands,
      dev.caisson.cli.container.ContainerFamily,
      dev.caisson.cli.disk.DiskCommands,
      dev.caisson.cli.host.HostFamily,
      dev.caisson.cli.image.ImageFamily;
  provides dev.caisson.disk.luks.KeyStretching with
      dev.caisson.cli.disk.LinuxKeyStretching;
  provides dev.caisson.disk.storage.HostFiles with
      dev.caisson.cli.disk.LinuxHostFiles;

  uses dev.caisson.cli.command.CommandProvider;
  uses dev.caisson.engine.Endpoint;
}
