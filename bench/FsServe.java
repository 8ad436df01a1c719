/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
import dev.caisson.linux.Fd;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.virtio.fs.Export;
import dev.caisson.virtio.fs.FileSystemDevice;
import dev.caisson.virtio.fs.FuseServer;
import dev.caisson.virtio.queue.Lookout;
import dev.caisson.virtio.vhost.VhostUserServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Lends one directory to another VMM on a vhost-user socket. docs/virtio.md shows how; also for bench/fs. */
public final class FsServe {
  private FsServe() {}

  /** Takes the directory, the socket, the number of request queues, and perhaps no-xattr, no-look. */
  public static void main(String[] arguments) throws Exception {
    Fd root = Directory.openFile(Path.of(arguments[0]), 0, OpenFlag.PATH);
    List<String> options = List.of(arguments).subList(3, arguments.length);
    boolean extended = !options.contains("no-xattr");
    Duration look = options.contains("no-look") ? Duration.ZERO : Lookout.EMULATED;
    var server = new FuseServer(List.of(new Export("root", root, false, 1)), 200_000, extended);
    var device = new FileSystemDevice("caisson", Integer.parseInt(arguments[2]), server);
    try (var lent = new VhostUserServer(Path.of(arguments[1]), device, look)) {
      Thread.sleep(Long.MAX_VALUE);
    }
  }
}
