/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
import dev.caisson.linux.Fd;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.linux.io.ScatteredIo;
import dev.caisson.linux.mount.FileSystem;
import dev.caisson.virtio.fs.Export;
import dev.caisson.virtio.fs.FuseServer;
import dev.caisson.virtio.queue.Buffers;
import dev.caisson.virtio.queue.Chain;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * Our file server behind the host's own FUSE driver, for bench/posix: the same requests a guest
 * sends, without a guest.
 */
public final class FuseMount {
  private static final int ROOM = (1 << 20) + 8192;

  private FuseMount() {}

  /** Takes the directory to serve, where to mount it, and how many threads serve. */
  public static void main(String[] arguments) throws Exception {
    Fd device = Directory.openFile(Path.of("/dev/fuse"), 0, OpenFlag.READ_WRITE);
    try (var fuse = FileSystem.open("fuse")) {
      fuse.set("fd", String.valueOf(device.number())).set("rootmode", "40000");
      fuse.set("user_id", "0").set("group_id", "0").set("allow_other").set("default_permissions");
      try (var mount = fuse.mount(Set.of())) {
        mount.attach(Path.of(arguments[1]));
      }
    }
    Fd root = Directory.openFile(Path.of(arguments[0]), 0, OpenFlag.PATH);
    var server = new FuseServer(List.of(new Export("root", root, false, 1)), 200_000);
    int count = Integer.parseInt(arguments[2]);
    var threads = new Thread[count];
    for (int i = 0; i < count; i++) {
      threads[i] = Thread.ofPlatform().start(() -> serve(device, server));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    System.exit(0);
  }

  /** Until the file system is unmounted. */
  private static void serve(Fd device, FuseServer server) {
    MemorySegment in = Arena.ofAuto().allocate(ROOM, 4096);
    MemorySegment out = Arena.ofAuto().allocate(ROOM, 4096);
    Buffers room = Buffers.of(out);
    while (true) {
      long count = ScatteredIo.read(device, new MemorySegment[] {in}, 1);
      if (count == -19) { // ENODEV: unmounted
        return;
      }
      if (count > 0) {
        long written = server.serve(new Chain(0, 1, Buffers.of(in.asSlice(0, count)), room));
        if (written > 0) {
          ScatteredIo.write(device, new MemorySegment[] {out.asSlice(0, written)}, 1);
        }
      }
    }
  }
}
