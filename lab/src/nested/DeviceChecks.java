/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */

import dev.caisson.disk.raw.RawDisk;
import dev.caisson.disk.storage.FileStorage;
import dev.caisson.kvm.Kvm;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.linux.net.MacAddress;
import dev.caisson.virtio.balloon.BalloonDevice;
import dev.caisson.virtio.block.BlockDevice;
import dev.caisson.virtio.block.BlockSettings;
import dev.caisson.virtio.console.ConsoleDevice;
import dev.caisson.virtio.console.ConsolePort;
import dev.caisson.virtio.fs.Export;
import dev.caisson.virtio.fs.FileSystemDevice;
import dev.caisson.virtio.fs.FuseServer;
import dev.caisson.virtio.net.NetDevice;
import dev.caisson.virtio.net.TapSide;
import dev.caisson.virtio.rng.EntropyDevice;
import dev.caisson.vmm.machine.MachineEnd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

/** Linux's own drivers against our devices, behind our transport. */
final class DeviceChecks {
  private static final int MEBIBYTE = 1 << 20;

  private DeviceChecks() {}

  /** Two directions of a named port. */
  static void consolePort(Kvm kvm) throws Exception {
    ConsolePort port = ConsolePort.named("lab");
    var device = new ConsoleDevice(List.of(port));
    try (NestedGuest talking =
        NestedCheck.start(kvm, NestedGuest.Order.of("port", device).withCpus(2))) {
      port.write(StandardCharsets.UTF_8.encode("anybody there\n"));
      var heard = new StringBuilder();
      ByteBuffer bytes = ByteBuffer.allocate(4096);
      while (heard.indexOf("\n") < 0) {
        if (port.read(bytes.clear()) < 0) {
          throw new AssertionError("the port closed after \"" + heard + "\"");
        }
        heard.append(StandardCharsets.UTF_8.decode(bytes.flip()));
      }
      NestedCheck.same("heard anybody there\n", heard.toString());
      port.write(StandardCharsets.UTF_8.encode("done\n"));
      talking.awaitEnd(MachineEnd.Kind.POWER_OFF);
    }
  }

  private static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(4).nextBytes(bytes);
    return bytes;
  }

  private static String digest(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(bytes));
  }

  /** A directory of the host, read and written. */
  static void files(Kvm kvm) throws Exception {
    Path share = Files.createTempDirectory("share");
    Files.writeString(share.resolve("given"), "from outside");
    byte[] large = random(MEBIBYTE);
    Files.write(share.resolve("large"), large);
    var export = new Export("share", Directory.openFile(share, 0, OpenFlag.PATH), false, 1);
    var device = new FileSystemDevice("caisson", 1, new FuseServer(List.of(export), 1000));
    try (NestedGuest reading =
        NestedCheck.start(kvm, NestedGuest.Order.of("files", device).withCpus(2))) {
      reading.awaitEnd(MachineEnd.Kind.POWER_OFF);
      reading.expect("content from outside");
      reading.expect(digest(large));
    }
    NestedCheck.same("made\n", Files.readString(share.resolve("made")));
    if (!Files.isDirectory(share.resolve("directory"))) {
      throw new AssertionError("the directory the guest made is not here");
    }
  }

  /** A disk, read at its end and written at its beginning. */
  static void disk(Kvm kvm) throws Exception {
    Path file = Files.createTempFile("disk", ".raw");
    byte[] content = random(4 * MEBIBYTE);
    Files.write(file, content);
    var device = new BlockDevice(RawDisk.open(FileStorage.open(file, true, FileStorage.Sharing.LOCKED)), BlockSettings.of("lab"));
    try (NestedGuest reading = NestedCheck.start(kvm, NestedGuest.Order.of("disk", device))) {
      reading.awaitEnd(MachineEnd.Kind.POWER_OFF);
      reading.expect(digest(Arrays.copyOfRange(content, 3 * MEBIBYTE, 4 * MEBIBYTE)));
    }
    byte[] after = Files.readAllBytes(file);
    NestedCheck.same("written by the guest", new String(after, 0, 20, StandardCharsets.UTF_8));
    if (!Arrays.equals(content, MEBIBYTE, content.length, after, MEBIBYTE, after.length)) {
      throw new AssertionError("the guest's write changed more than it named");
    }
  }

  /** Frames through a tap of the host's kernel, both ways. */
  static void network(Kvm kvm) throws Exception {
    var tap = new TapSide(List.of(TapSide.open("labtap", false)));
    ip("addr", "add", "10.97.0.1/24", "dev", "labtap");
    ip("link", "set", "labtap", "up");
    var device = new NetDevice(MacAddress.parse("02:00:00:00:00:02"), 1500, 1, tap);
    try (NestedGuest calling = NestedCheck.start(kvm, NestedGuest.Order.of("network", device))) {
      calling.awaitEnd(MachineEnd.Kind.POWER_OFF);
      calling.expect("02:00:00:00:00:02");
      calling.expect("3 packets transmitted, 3 packets received");
    }
  }

  static void ip(String... words) throws IOException, InterruptedException {
    String[] command = new String[words.length + 2];
    command[0] = "/bin/busybox";
    command[1] = "ip";
    System.arraycopy(words, 0, command, 2, words.length);
    int code = new ProcessBuilder(command).inheritIO().start().waitFor();
    if (code != 0) {
      throw new AssertionError(String.join(" ", command) + " ended with " + code);
    }
  }

  static void entropy(Kvm kvm) throws Exception {
    var device = new EntropyDevice(new SecureRandom());
    try (NestedGuest asking = NestedCheck.start(kvm, NestedGuest.Order.of("entropy", device))) {
      asking.awaitEnd(MachineEnd.Kind.POWER_OFF);
      asking.expect("random 64 from virtio_rng");
    }
  }

  /** What the guest used and no longer needs goes back to the host without being asked. */
  static void balloon(Kvm kvm) throws Exception {
    NestedGuest[] holder = new NestedGuest[1];
    var device = new BalloonDevice(pages -> holder[0].machine().memory().discard(pages));
    holder[0] =
        NestedGuest.waiting(kvm, NestedGuest.Order.of("balloon", device).withMebibytes(256));
    try (NestedGuest giving = NestedCheck.watched(holder[0])) {
      giving.machine().start();
      giving.awaitWords("FULL");
      long full = giving.machine().memoryUse();
      giving.awaitWords("EMPTY");
      long left = full;
      for (int i = 0; i < 40 && left > full - 64L * MEBIBYTE; i++) {
        Thread.sleep(500);
        left = giving.machine().memoryUse();
      }
      System.out.printf(
          "figure balloon: %d MiB while 96 MiB of files were there, %d MiB after%n",
          full >> 20, left >> 20);
      if (left > full - 64L * MEBIBYTE) {
        throw new AssertionError("the host got nothing back");
      }
    }
  }
}
