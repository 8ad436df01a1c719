/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.machine;

import static dev.caisson.vmm.machine.MachineTest.DEVICE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.linux.file.OpenFile;
import dev.caisson.linux.io.SocketKind;
import dev.caisson.linux.io.UnixSocket;
import dev.caisson.virtio.fs.FileSystemDevice;
import dev.caisson.virtio.fs.FuseServer;
import dev.caisson.virtio.vhost.VhostUserDevice;
import dev.caisson.virtio.vhost.VhostUserServer;
import dev.caisson.vmm.VmmException;
import dev.caisson.vmm.boot.TinyKernel;
import dev.caisson.vmm.memory.MachineMemory;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Guests whose device is served over vhost-user. */
@Tag("integration")
@Timeout(60)
class ForeignDeviceTest extends TinyMachine {
  private static final int QUEUE = 0x200000;
  private static final int REQUEST = 0x300000;
  private static final int ANSWER = 0x300100;

  private static FileSystemDevice files() {
    return new FileSystemDevice("tree", 1, new FuseServer(List.of(), 100));
  }

  private MachineConfig shared(TinyKernel kernel, VhostUserDevice device) throws Exception {
    MachineConfig config = config(kernel, 1, letter -> console.append((char) letter));
    return new MachineConfig(
        config.name(),
        config.memory(),
        MachineMemory.Backing.SHARED,
        1,
        List.of(),
        config.boot(),
        List.of(device),
        config.console());
  }

  /** The second queue, which requests go to, made ready and the device told to begin. */
  private static TinyKernel driver() {
    return new TinyKernel()
        .store(DEVICE + 0x70, 3)
        .store(DEVICE + 0x24, 1)
        .store(DEVICE + 0x20, 1)
        .store(DEVICE + 0x70, 11)
        .store(DEVICE + 0x30, 1)
        .store(DEVICE + 0x38, 8)
        .store(DEVICE + 0x80, QUEUE)
        .store(DEVICE + 0x90, QUEUE + 0x400)
        .store(DEVICE + 0xa0, QUEUE + 0x800)
        .store(DEVICE + 0x44, 1)
        .store(DEVICE + 0x70, 15);
  }

  /** FUSE_INIT in two descriptors; then the guest looks at the ring until it is answered. */
  private static TinyKernel greeting() {
    return driver()
        .store(REQUEST, 104)
        .store(REQUEST + 4, 26)
        .store(REQUEST + 40, 7)
        .store(REQUEST + 44, 38)
        .store(QUEUE, REQUEST)
        .store(QUEUE + 8, 104)
        .store(QUEUE + 12, 0x10001) // goes on with the second
        .store(QUEUE + 16, ANSWER)
        .store(QUEUE + 24, 200)
        .store(QUEUE + 28, 2) // for the device to write
        .store(QUEUE + 0x404, 0)
        .store(QUEUE + 0x400, 0x10000) // one is available
        .store(DEVICE + 0x50, 1)
        // mov eax,[0x200800]; shr eax,16; cmp eax,1; jne back: until it is used
        .code(0xa1, 0x00, 0x08, 0x20, 0x00, 0xc1, 0xe8, 16, 0x83, 0xf8, 1, 0x75, 0xf3);
  }

  @Test
  void aGuestsRequestIsAnsweredByAnotherBackEnd() throws Exception {
    Path socket = directory.resolve("fs");
    TinyKernel guest =
        greeting()
            .load(ANSWER + 16) // the version, behind the header
            .printNumber()
            .load(DEVICE + 0x60)
            .printNumber()
            .powerOff();
    try (var server = new VhostUserServer(socket, files())) {
      var device = VhostUserDevice.files(UnixSocket.connect(socket, SocketKind.STREAM), "tree", 1);
      machine = Machine.create(kvm, shared(guest, device));
      machine.start();
      assertThat(machine.ended().get(20, TimeUnit.SECONDS).kind())
          .isEqualTo(MachineEnd.Kind.POWER_OFF);
      assertThat(console.toString()).isEqualTo("\7\0\0\0" + "\1\0\0\0");
      assertThat(server).isNotNull();
    }
  }

  /** It waits for the device to say that it is broken: bit 64 of its status. */
  @Test
  void aBackEndThatGoesIsSeenByTheGuest() throws Exception {
    Path socket = directory.resolve("fs");
    int status = DEVICE + 0x70;
    TinyKernel guest =
        driver()
            .print("r")
            // mov eax,[status]; test al,64; jz back
            .code(0xa1)
            .number(status)
            .code(0xa8, 64, 0x74, 0xf7)
            .print("broken")
            .powerOff();
    var server = new VhostUserServer(socket, files());
    var device = VhostUserDevice.files(UnixSocket.connect(socket, SocketKind.STREAM), "tree", 1);
    machine = Machine.create(kvm, shared(guest, device));
    machine.start();
    while (console.isEmpty()) {
      Thread.sleep(2);
    }
    server.close();
    assertThat(machine.ended().get(20, TimeUnit.SECONDS).kind())
        .isEqualTo(MachineEnd.Kind.POWER_OFF);
    assertThat(console.toString()).isEqualTo("rbroken");
  }

  @Test
  void suchAMachineNeedsSharedMemoryAndKeepsNoSnapshot() throws Exception {
    Path socket = directory.resolve("fs");
    try (var server = new VhostUserServer(socket, files());
        var device =
            VhostUserDevice.files(UnixSocket.connect(socket, SocketKind.STREAM), "tree", 1)) {
      MachineConfig good = shared(new TinyKernel().halt(), device);
      assertThatThrownBy(() ->
              new MachineConfig(
                  "x",
                  good.memory(),
                  MachineMemory.Backing.PRIVATE,
                  1,
                  List.of(),
                  good.boot(),
                  good.devices(),
                  good.console()))
          .hasMessageContaining("SHARED");
      machine = Machine.create(kvm, good);
      OpenFile memory = OpenFile.of(machine.memory().file().orElseThrow());
      assertThatThrownBy(() -> memory.truncate(4096)).hasMessageContaining("EPERM");
      machine.start();
      machine.pause();
      assertThatThrownBy(() -> machine.save(directory.resolve("kept")))
          .isInstanceOf(VmmException.class)
          .hasMessageContaining("another process");
      assertThat(directory.resolve("kept")).doesNotExist();
      assertThat(server).isNotNull();
    }
  }
}
