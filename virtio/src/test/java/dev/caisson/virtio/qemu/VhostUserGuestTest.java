/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.qemu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.file.DiskFiles;
import dev.caisson.disk.file.DiskOptions;
import dev.caisson.disk.qcow2.Qcow2Format;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.linux.net.MacAddress;
import dev.caisson.virtio.block.BlockDevice;
import dev.caisson.virtio.block.BlockSettings;
import dev.caisson.virtio.fs.Export;
import dev.caisson.virtio.fs.FileSystemDevice;
import dev.caisson.virtio.fs.FuseServer;
import dev.caisson.virtio.net.NetDevice;
import dev.caisson.virtio.net.Switch;
import dev.caisson.virtio.vhost.VhostUserServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Linux drivers in front of our devices, which QEMU takes over vhost-user. */
@Tag("integration")
class VhostUserGuestTest {
  private static final int MEBIBYTE = 1 << 20;
  private static final int PATIENCE = 200;

  @TempDir Path directory;
  private final List<VhostUserServer> servers = new ArrayList<>();

  @BeforeAll
  static void possible() {
    QemuGuest.assumePossible();
  }

  @AfterEach
  void closeServers() {
    servers.forEach(VhostUserServer::close);
    servers.clear();
  }

  private static List<String> device(Path socket, String... words) {
    var all = new ArrayList<>(List.of("-chardev", "socket,id=c,path=" + socket));
    all.addAll(List.of(words));
    return all;
  }

  private static String md5(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(bytes));
  }

  private static String said(String console, String name) {
    var found = Pattern.compile("(?m)^" + name + "=(.*?)\\s*$").matcher(console);
    assertThat(found.find()).as("%s in %s", name, console).isTrue();
    return found.group(1);
  }

  @Test
  void aGuestReadsAndWritesAChainOfQcow2Files() throws Exception {
    Path base = directory.resolve("base.qcow2");
    Path top = directory.resolve("top.qcow2");
    var content = new byte[4 * MEBIBYTE];
    new Random(1).nextBytes(content);
    DiskFiles.create(base, Qcow2Format.DEFAULT, 64L * MEBIBYTE);
    try (Disk disk = DiskFiles.open(base, DiskOptions.WRITE)) {
      disk.write(0, content);
    }
    String before = md5(Files.readAllBytes(base));
    DiskFiles.createChild(top, "base.qcow2", DiskFormat.QCOW2);
    Path socket = directory.resolve("blk");
    var block =
        new BlockDevice(
            DiskFiles.open(top, DiskOptions.WRITE), BlockSettings.of("our-disk").withQueues(2));
    String script =
        """
        echo serial=$(cat /sys/block/vda/serial)
        echo size=$(cat /sys/block/vda/size)
        echo base=$(dd if=/dev/vda bs=1M count=4 2>/dev/null | md5sum | cut -d' ' -f1)
        dd if=/dev/urandom of=/tmp/data bs=1M count=6 2>/dev/null
        dd if=/tmp/data of=/dev/vda bs=1M seek=2 conv=fsync 2>/dev/null
        dd if=/tmp/data of=/dev/vda bs=512 seek=100001 count=9 conv=fsync 2>/dev/null
        echo data=$(md5sum < /tmp/data | cut -d' ' -f1)
        echo 3 > /proc/sys/vm/drop_caches
        echo again=$(dd if=/dev/vda bs=1M skip=2 count=6 2>/dev/null | md5sum | cut -d' ' -f1)
        echo discard=$(cat /sys/block/vda/queue/discard_max_bytes)
        blkdiscard -o 33554432 -l 1048576 /dev/vda && echo discarded=yes
        """;
    servers.add(new VhostUserServer(socket, block));
    List<String> words = device(socket, "-device", "vhost-user-blk-pci,chardev=c,num-queues=2");
    String console;
    try (var guest = QemuGuest.boot(directory, script, words)) {
      console = guest.await(PATIENCE);
    }
    closeServers();
    assertThat(said(console, "serial")).isEqualTo("our-disk");
    assertThat(said(console, "size")).isEqualTo("131072");
    assertThat(said(console, "base")).isEqualTo(md5(content));
    assertThat(said(console, "again")).isEqualTo(said(console, "data"));
    assertThat(Long.parseLong(said(console, "discard"))).isPositive();
    try (Disk disk = DiskFiles.open(top, DiskOptions.READ)) {
      byte[] written = disk.read(2L * MEBIBYTE, 6 * MEBIBYTE);
      assertThat(md5(written)).isEqualTo(said(console, "data"));
      assertThat(disk.read(512L * 100_001, 9 * 512)).isEqualTo(Arrays.copyOf(written, 9 * 512));
      assertThat(disk.read(0, 2 * MEBIBYTE)).isEqualTo(Arrays.copyOf(content, 2 * MEBIBYTE));
    }
    assertThat(md5(Files.readAllBytes(base))).isEqualTo(before);
    assertThat(QemuGuest.run("qemu-img", "check", top.toString())).contains("No errors");
  }

  @Test
  void aGuestMountsADirectoryAsItIs() throws Exception {
    Path tree = Files.createDirectories(directory.resolve("lent/below"));
    Files.writeString(tree.resolve("file"), "of the host");
    Path socket = directory.resolve("fs");
    var root = Directory.openFile(directory.resolve("lent"), 0, OpenFlag.PATH);
    var files = FuseServer.rootedAt(new Export("lent", root, false, 1), 1000, true);
    servers.add(new VhostUserServer(socket, new FileSystemDevice("tree", 1, files)));
    String script =
        """
        mkdir /mnt; mount -t virtiofs tree /mnt
        echo listed=$(ls /mnt)
        echo read=$(cat /mnt/below/file)
        echo above=$(ls /mnt/..  | grep -c mnt)
        mkdir /mnt/made && echo of the guest > /mnt/made/file
        rm /mnt/below/file
        umount /mnt && mount -t virtiofs tree /mnt && echo again=$(cat /mnt/made/file)
        """;
    try (var guest =
        QemuGuest.boot(
            directory, script, device(socket, "-device", "vhost-user-fs-pci,chardev=c,tag=tree"))) {
      String console = guest.await(PATIENCE);
      assertThat(said(console, "listed")).isEqualTo("below");
      assertThat(said(console, "read")).isEqualTo("of the host");
      assertThat(said(console, "above")).isEqualTo("1");
      assertThat(said(console, "again")).isEqualTo("of the guest");
    }
    assertThat(directory.resolve("lent/made/file")).hasContent("of the guest\n");
    assertThat(tree).isEmptyDirectory();
  }

  @Test
  void twoGuestsTalkOverTheSwitch() throws Exception {
    var net = new Switch("guests");
    String common =
        """
        [ -e /sys/class/net/eth0 ] || { dmesg | tail -n 20; ls /sys/class/net; poweroff -f; }
        ip addr add 10.9.0.%d/24 dev eth0; ip link set eth0 up
        """;
    String first =
        common.formatted(1)
            + """
            nc -l -p 5000 > /tmp/got
            echo got=$(md5sum < /tmp/got | cut -d' ' -f1) size=$(stat -c %s /tmp/got)
            """;
    String second =
        common.formatted(2)
            + """
            for i in $(seq 60); do ping -c 1 -W 1 10.9.0.1 > /dev/null && break; done
            ping -c 5 -A 10.9.0.1 | grep -o '5 packets received' | sed 's/^/ping=/'
            dd if=/dev/urandom of=/tmp/data bs=1M count=32 2>/dev/null
            sleep 2
            begin=$(cut -d' ' -f1 /proc/uptime)
            nc 10.9.0.1 5000 < /tmp/data
            echo seconds=$begin-$(cut -d' ' -f1 /proc/uptime)
            echo sent=$(md5sum < /tmp/data | cut -d' ' -f1)
            cat /sys/class/net/eth0/statistics/tx_packets | sed 's/^/packets=/'
            """;
    try (QemuGuest a = guest(net, "02:00:00:00:09:01", "a", first);
        QemuGuest b = guest(net, "02:00:00:00:09:02", "b", second)) {
      String sender = b.await(PATIENCE);
      String receiver = a.await(PATIENCE);
      assertThat(said(sender, "ping")).isEqualTo("5 packets received");
      assertThat(receiver).contains("got=" + said(sender, "sent"));
      System.out.println(
          "32 MiB in uptime " + said(sender, "seconds") + ", packets " + said(sender, "packets"));
    } finally {
      net.close();
    }
  }

  private QemuGuest guest(Switch net, String address, String name, String script) throws Exception {
    MacAddress hardware = MacAddress.parse(address);
    Path own = Files.createDirectories(directory.resolve(name));
    Path socket = own.resolve("net");
    var device = new NetDevice(hardware, 1500, 1, net.port(hardware, Set.of()));
    servers.add(new VhostUserServer(socket, device));
    return QemuGuest.boot(
        own,
        script,
        device(
            socket,
            "-netdev",
            "vhost-user,id=n,chardev=c",
            "-device",
            // Without MSI-X: under emulation QEMU 7.2.22 ends with a segmentation fault where
            // a vhost network device gets an interrupt vector after its driver is ready.
            "virtio-net-pci,disable-legacy=on,romfile=,vectors=0,netdev=n,mac=" + address));
  }
}
