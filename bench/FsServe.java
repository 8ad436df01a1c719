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
import dev.caisson.virtio.vhost.VhostUserServer;
import java.nio.file.Path;
import java.util.List;

/** Serves one directory on a vhost-user socket, for bench/fs. */
public final class FsServe {
  private FsServe() {}

  /** Takes the directory, the socket, and the number of request queues. */
  public static void main(String[] arguments) throws Exception {
    Fd root = Directory.openFile(Path.of(arguments[0]), 0, OpenFlag.PATH);
    var server = new FuseServer(List.of(new Export("root", root, false, 1)), 200_000);
    var device = new FileSystemDevice("caisson", Integer.parseInt(arguments[2]), server);
    try (var lent = new VhostUserServer(Path.of(arguments[1]), device)) {
      Thread.sleep(Long.MAX_VALUE);
    }
  }
}
