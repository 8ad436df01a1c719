/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.container.cgroup.DeviceAccess;
import dev.caisson.container.plan.Surroundings.DeviceNode;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.FileStatus;
import dev.caisson.linux.file.FileType;
import dev.caisson.linux.file.OpenFile;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.workload.Devices;
import dev.caisson.sandbox.workload.Workload;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The devices of the host a workload gets, found out at its start. */
record DeviceNodes(List<DeviceNode> nodes, DeviceAccess access) {
  // Docker gives a privileged container every device but these, which a container has of its own.
  private static final List<String> OWN =
      List.of(
          "pts",
          "shm",
          "mqueue",
          "fd",
          "console",
          "ptmx",
          "core",
          "stdin",
          "stdout",
          "stderr",
          "null",
          "zero",
          "full",
          "random",
          "urandom",
          "tty",
          "log",
          "hugepages");

  static DeviceNodes of(Workload workload) {
    if (workload.security().privileged()) {
      return new DeviceNodes(all(Path.of("/dev"), "/dev"), DeviceAccess.ALL);
    }
    var nodes = new ArrayList<DeviceNode>();
    var rules = new ArrayList<>(workload.devices().rules());
    for (Devices.Device device : workload.devices().devices()) {
      for (DeviceNode node : found(device)) {
        nodes.add(node);
        rules.add(
            new Devices.Rule(
                node.kind() == 'b' ? Devices.Type.BLOCK : Devices.Type.CHARACTER,
                node.major(),
                node.minor(),
                device.permissions()));
      }
    }
    return new DeviceNodes(nodes, DeviceAccess.with(rules));
  }

  private static List<DeviceNode> found(Devices.Device device) {
    if (Files.isDirectory(device.source())) {
      return all(device.source(), device.target());
    }
    return List.of(
        node(device.source(), device.target())
            .orElseThrow(
                () -> SandboxException.invalid("device " + device.source(), "is no device node")));
  }

  private static List<DeviceNode> all(Path directory, String target) {
    var nodes = new ArrayList<DeviceNode>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        String name = String.valueOf(entry.getFileName());
        if (OWN.contains(name) || Files.isSymbolicLink(entry)) {
          continue;
        }
        String inner = target + "/" + name;
        if (Files.isDirectory(entry)) {
          nodes.addAll(all(entry, inner));
        } else {
          node(entry, inner).ifPresent(nodes::add);
        }
      }
    } catch (IOException failed) {
      throw new SandboxException(SandboxException.Kind.FAILED, "list " + directory, failed);
    }
    return nodes;
  }

  private static Optional<DeviceNode> node(Path source, String target) {
    FileStatus status;
    try (OpenFile file = OpenFile.of(Directory.openFile(source, 0, OpenFlag.PATH))) {
      status = file.status();
    } catch (LinuxException absent) {
      throw SandboxException.invalid("device " + source, absent.errno().meaning());
    }
    if (status.type() != FileType.CHARACTER_DEVICE && status.type() != FileType.BLOCK_DEVICE) {
      return Optional.empty();
    }
    return Optional.of(
        new DeviceNode(
            source,
            target,
            status.type() == FileType.BLOCK_DEVICE ? 'b' : 'c',
            status.node().major(),
            status.node().minor(),
            status.permissions(),
            status.group()));
  }
}
