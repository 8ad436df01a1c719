/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import dev.caisson.machine.network.NetworkPort;
import dev.caisson.virtio.device.VirtioDevice;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What a machine is made of, whatever engine runs it.
 *
 * @param id names processes and threads
 * @param directory for sockets and the console's log; short, it is part of socket paths
 * @param memory bytes, whole MiB
 * @param cpus 1 to 64
 * @param processors of the host that it may use; empty for all
 * @param kernel an ELF kernel
 * @param initialFiles an initramfs
 * @param commandLine for the kernel, without what the engine adds
 * @param devices the engine closes them with the machine
 * @param networkNamespace where the ports' taps are
 * @param ports one network device each
 * @param groupParent the control group to stand below on the host, empty for Caisson's own
 */
public record MachineSpec(
    String id,
    Path directory,
    long memory,
    int cpus,
    Optional<HostProcessors> processors,
    Path kernel,
    Path initialFiles,
    String commandLine,
    List<VirtioDevice> devices,
    Optional<Path> networkNamespace,
    List<NetworkPort> ports,
    String groupParent) {
  public MachineSpec {
    ports = List.copyOf(ports);
    devices = List.copyOf(devices);
  }
}
