/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import dev.caisson.linux.Fd;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.linux.process.Executable;
import dev.caisson.linux.process.Spawn;
import dev.caisson.machine.network.NetworkPort;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.Unavailable;
import dev.caisson.virtio.queue.Lookout;
import dev.caisson.virtio.vhost.VhostUserServer;
import dev.caisson.vmm.machine.ConsoleLog;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/**
 * The distribution's QEMU, with software emulation: slow, but it needs nothing of the processor.
 * Devices are ours, lent to it over vhost-user, so that guests cannot tell the engines apart.
 */
public final class Qemu implements MachineEngine {
  private static final String PROGRAM = "qemu-system-x86_64";
  private static final List<Path> PLACES =
      List.of(Path.of("/usr/bin"), Path.of("/usr/local/bin"), Path.of("/usr/libexec"));
  private static final String PATH = "PATH=/usr/bin:/bin:/usr/sbin:/sbin";
  private static final int POLL_MILLIS = 5;
  private static final int PIECE = 4096; // of a console's output

  /** Below the sandbox's own; everything in it is QEMU's to read and write. */
  static final String DIRECTORY = "machine";

  /** Decision 0420: shared memory cannot be copy-on-write. */
  static final Unavailable NO_SNAPSHOTS =
      new Unavailable(
          "QEMU runs this machine, whose memory is shared with the file server",
          "on a host whose processor has vmx or svm, without --own-process, our own hypervisor runs"
              + " it, which keeps snapshots");

  @Override
  public String name() {
    return "qemu";
  }

  @Override
  public boolean ownProcess() {
    return true;
  }

  @Override
  public String transportModule() {
    return "virtio_pci";
  }

  @Override
  public Optional<Unavailable> unavailable() {
    return program().isPresent()
        ? Optional.empty()
        : Optional.of(
            new Unavailable(
                PROGRAM + " is not installed", "on Debian: apt-get install qemu-system-x86"));
  }

  private static Optional<Path> program() {
    return PLACES.stream()
        .map(place -> place.resolve(PROGRAM))
        .filter(Files::isExecutable)
        .findFirst();
  }

  @Override
  public Optional<Unavailable> noSnapshots() {
    return Optional.of(NO_SNAPSHOTS);
  }

  @Override
  public RunningMachine restore(MachineSpec spec, Path snapshot) {
    throw SandboxException.unsupported(
        "starting from a snapshot", NO_SNAPSHOTS.reason() + "; " + NO_SNAPSHOTS.remedy());
  }

  @Override
  public RunningMachine start(MachineSpec spec) {
    Path directory = spec.directory().resolve(DIRECTORY);
    MachineUser user = MachineUser.of(spec.id());
    List<VhostUserServer> lent = new ArrayList<>();
    var opened = new Opened();
    try {
      ownDirectory(directory, user);
      ServerSocketChannel control = listen(directory.resolve("control"), user, opened);
      ServerSocketChannel monitor = listen(directory.resolve("monitor"), user, opened);
      ServerSocketChannel console = listen(directory.resolve("console"), user, opened);
      for (int i = 0; i < spec.devices().size(); i++) {
        Path socket = directory.resolve("device" + i);
        lent.add(new VhostUserServer(socket, spec.devices().get(i), Lookout.EMULATED));
        user.own(socket);
      }
      Path log = spec.directory().resolve("qemu.log");
      HostGroup group = HostGroup.of(spec.id(), spec.groupParent());
      opened.add(group::remove);
      group.make(spec.memory(), spec.cpus(), spec.processors());
      ChildProcess process = launch(spec, user, directory, log, group);
      opened.add(process);
      SocketChannel controlStream = accept(control, process, log);
      opened.add(controlStream);
      SocketChannel monitorStream = accept(monitor, process, log);
      SocketChannel consoleStream = accept(console, process, log);
      opened.add(consoleStream);
      var heard = keep(consoleStream, directory.resolve("console.log"));
      return new QemuMachine(
          process, heard, group, controlStream, new QemuMonitor(monitorStream), lent);
    } catch (IOException | RuntimeException | OutOfMemoryError e) { // also for want of a thread
      opened.takeBack();
      lent.forEach(VhostUserServer::close);
      if (e instanceof SandboxException refused) {
        throw refused;
      }
      throw new SandboxException(
          SandboxException.Kind.FAILED, spec.id() + ": cannot start QEMU: " + e.getMessage(), e);
    }
  }

  /**
   * By way of us, since a guest may write to its console without end; the answer is completed when
   * all of it is kept.
   */
  private static CompletableFuture<Boolean> keep(SocketChannel console, Path file)
      throws IOException {
    var heard = new CompletableFuture<Boolean>();
    var log = ConsoleLog.in(file);
    Thread.ofVirtual()
        .name("console " + file)
        .start(() -> {
          ByteBuffer piece = ByteBuffer.allocate(PIECE);
          try (log;
              console) {
            while (console.read(piece.clear()) >= 0) {
              piece.flip();
              while (piece.hasRemaining()) {
                log.accept(piece.get());
              }
            }
          } catch (IOException e) {
            System.getLogger(Qemu.class.getName()).log(System.Logger.Level.DEBUG, "console", e);
          }
          heard.complete(true);
        });
    return heard;
  }

  /** Its process reaches this directory by being started in it, and nothing beside it. */
  private static void ownDirectory(Path directory, MachineUser user) throws IOException {
    Files.createDirectories(directory);
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
    user.own(directory);
  }

  private static ChildProcess launch(
      MachineSpec spec, MachineUser user, Path directory, Path log, HostGroup group) {
    Path program =
        program()
            .orElseThrow(
                () -> SandboxException.unsupported(PROGRAM, "is not installed on this host"));
    var files = new TreeMap<Integer, Fd>();
    try {
      files.put(0, Directory.openFile(Path.of("/dev/null"), 0, OpenFlag.READ));
      files.put(
          1, Directory.openFile(log, 0600, OpenFlag.WRITE, OpenFlag.CREATE, OpenFlag.TRUNCATE));
      files.put(2, files.get(1).duplicate());
      files.put(QemuCommand.KERNEL, Directory.openFile(spec.kernel(), 0, OpenFlag.READ));
      files.put(
          QemuCommand.INITIAL_FILES, Directory.openFile(spec.initialFiles(), 0, OpenFlag.READ));
      for (NetworkPort port : spec.ports()) {
        files.put(files.size(), PortDevice.tap(spec.networkNamespace().orElseThrow(), port));
      }
      List<String> words = new QemuCommand(spec, user).words(program, directory);
      var spawn =
          new Spawn(new Executable.At(place("unshare").toString()), words, List.of(PATH), files);
      ChildProcess process = ChildProcess.start(spawn, "machine " + spec.id());
      group.join(process.pid());
      return process;
    } finally {
      files.values().forEach(Fd::close);
    }
  }

  private static Path place(String name) {
    return PLACES.stream()
        .map(place -> place.resolve(name))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow(() -> SandboxException.unsupported(name, "is not installed on this host"));
  }

  private static ServerSocketChannel listen(Path path, MachineUser user, Opened opened)
      throws IOException {
    Files.deleteIfExists(path);
    ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    opened.add(listener);
    listener.bind(UnixDomainSocketAddress.of(path));
    user.own(path);
    listener.configureBlocking(false);
    return listener;
  }

  /** QEMU connects before the guest runs; if it ends instead, its words are the reason. */
  private static SocketChannel accept(ServerSocketChannel listener, ChildProcess process, Path log)
      throws IOException {
    while (true) {
      SocketChannel accepted = listener.accept();
      if (accepted != null) {
        listener.close();
        return accepted;
      }
      if (!process.isAlive()) {
        throw new SandboxException(SandboxException.Kind.FAILED, "QEMU ended: " + LogTail.of(log));
      }
      try {
        Thread.sleep(POLL_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new SandboxException(SandboxException.Kind.FAILED, "interrupted", e);
      }
    }
  }
}
