/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import dev.caisson.launch.Handle;
import dev.caisson.launch.run.Launcher;
import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.linux.io.SocketKind;
import dev.caisson.linux.io.UnixSocket;
import dev.caisson.linux.mount.DetachedMount;
import dev.caisson.linux.mount.FileSystem;
import dev.caisson.linux.mount.MountAttribute;
import dev.caisson.linux.mount.MountEntry;
import dev.caisson.machine.network.NetworkPort;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.Unavailable;
import dev.caisson.virtio.device.DeviceType;
import dev.caisson.virtio.device.VirtioDevice;
import dev.caisson.virtio.vhost.VhostUserServer;
import dev.caisson.vmm.VmmException;
import dev.caisson.vmm.process.MachineLink;
import dev.caisson.vmm.process.MachineOrder;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Our own hypervisor, each machine in a process of its own: a user, control group, namespaces and a
 * system call filter of its own around it. Its files are served from here by vhost-user; what it
 * needs of the host is handed to it open.
 */
public final class OwnProcessEngine implements MachineEngine {
  /** Decision 0600: the file server has part of its state, and its memory is shared. */
  static final Unavailable NO_SNAPSHOTS =
      new Unavailable(
          "this machine has a process of its own, which shares its memory with the file server",
          "without --own-process it can be kept");

  private static final Path DEVICE = Path.of("/dev/kvm");
  private static final String TAG = "caisson";

  /** For the Java runtime to start and the kernel to be loaded, on a slow host. */
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private final HardwareVirtualization hardware;

  public OwnProcessEngine() {
    this(new HardwareVirtualization());
  }

  OwnProcessEngine(HardwareVirtualization hardware) {
    this.hardware = hardware;
  }

  @Override
  public String name() {
    return "kvm-process";
  }

  @Override
  public boolean ownProcess() {
    return true;
  }

  @Override
  public String transportModule() {
    return "virtio_mmio";
  }

  @Override
  public Optional<Unavailable> unavailable() {
    return hardware.missing();
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
    var opened = new Opened();
    try {
      return start(spec, opened);
    } catch (IOException
        | VmmException
        | LinuxException
        | SandboxException
        | OutOfMemoryError e) { // of the host, which may have no thread left
      opened.takeBack();
      if (e instanceof SandboxException refused) {
        throw refused;
      }
      throw new SandboxException(
          KvmEngine.kind(e),
          spec.id() + ": cannot start a machine: " + e.getMessage() + said(spec),
          e);
    }
  }

  /** The last words of a process that ended too soon. */
  private static String said(MachineSpec spec) {
    try {
      String words = LogTail.of(log(spec));
      return words.isEmpty() ? "" : "; it said: " + words;
    } catch (IOException e) {
      return ""; // it was never started
    }
  }

  private static Path log(MachineSpec spec) {
    return spec.directory().resolve("vmm.log");
  }

  private static RunningMachine start(MachineSpec spec, Opened opened) throws IOException {
    Path directory = Files.createDirectories(spec.directory().resolve(Qemu.DIRECTORY));
    HostGroup group = HostGroup.of(spec.id(), spec.groupParent());
    opened.add(group::remove);
    group.make(spec.memory(), spec.cpus(), spec.processors());
    List<UnixSocket> orders = UnixSocket.pair(SocketKind.SEQUENCED_PACKETS);
    opened.addAll(orders);
    LaunchedProcess process = launch(spec, directory, group, orders.getLast().fd());
    opened.add(process);
    orders.getLast().close(); // so that we hear of its end
    var link = new MachineLink(orders.getFirst(), spec.id());
    opened.add(link);
    List<VhostUserServer> lent = new ArrayList<>();
    opened.add(() -> lent.forEach(VhostUserServer::close));
    List<Fd> files = new ArrayList<>();
    try {
      SocketChannel control = hand(spec, directory, files, lent);
      opened.add(control);
      link.begin(order(spec), files, PATIENCE);
      return new ProcessMachine(process, group, link, control, lent);
    } finally {
      files.forEach(Fd::close);
    }
  }

  private static LaunchedProcess launch(
      MachineSpec spec, Path directory, HostGroup group, Fd orders) {
    try (FileSystem empty = FileSystem.open("tmpfs").set("mode", "0755").set("size", "1m");
        DetachedMount root = empty.mount(Set.of(MountAttribute.NO_SET_USER_ID));
        Fd output =
            Directory.openFile(
                log(spec), 0600, OpenFlag.WRITE, OpenFlag.CREATE, OpenFlag.TRUNCATE)) {
      var plan =
          new ProcessPlan(
              MachineRuntime.ofThisProcess(),
              MachineUser.of(spec.id()),
              Handle.descriptor(Handle.FIRST_DESCRIPTOR),
              directory,
              group.processFiles(),
              onInitialRoot());
      return LaunchedProcess.start(
          plan.compile("caisson-" + spec.id()),
          new Launcher.Streams(orders, output, output),
          List.of(root.fd()),
          "machine " + spec.id());
    }
  }

  /** An initial RAM disk: nothing was mounted over it. */
  private static boolean onInitialRoot() {
    return MountEntry.all().stream()
        .filter(entry -> entry.target().equals(Path.of("/")))
        .allMatch(entry -> entry.type().equals("rootfs"));
  }

  private static MachineOrder order(MachineSpec spec) {
    List<MachineOrder.Lent> lent = spec.devices().stream().map(OwnProcessEngine::lent).toList();
    List<MachineOrder.Card> cards =
        spec.ports().stream()
            .map(port ->
                new MachineOrder.Card(
                    port.hardware(), PortDevice.mtu(spec.networkNamespace().orElseThrow(), port)))
            .toList();
    return new MachineOrder(
        "machine " + spec.id(),
        spec.memory(),
        spec.cpus(),
        "console=ttyS0 " + spec.commandLine(),
        lent,
        cards);
  }

  private static MachineOrder.Lent lent(VirtioDevice device) {
    return switch (device.type()) {
      case FILE_SYSTEM ->
          new MachineOrder.Lent(DeviceType.FILE_SYSTEM, TAG, device.queueSizes().size() - 1);
      case BLOCK -> new MachineOrder.Lent(DeviceType.BLOCK, "", 0);
      default ->
          throw SandboxException.unsupported(
              "device " + device.type(), "none like it is lent to another process");
    };
  }

  /**
   * Opens what the process is handed, in the order of {@link MachineOrder}.
   *
   * @return our end of the control port
   */
  private static SocketChannel hand(
      MachineSpec spec, Path directory, List<Fd> files, List<VhostUserServer> lent)
      throws IOException {
    files.add(Directory.openFile(DEVICE, 0, OpenFlag.READ_WRITE));
    files.add(Directory.openFile(spec.kernel(), 0, OpenFlag.READ));
    files.add(Directory.openFile(spec.initialFiles(), 0, OpenFlag.READ));
    files.add(
        Directory.openFile(
            spec.directory().resolve("console.log"),
            0600,
            OpenFlag.WRITE,
            OpenFlag.CREATE,
            OpenFlag.TRUNCATE));
    SocketChannel control = control(directory.resolve("control"), files);
    for (int i = 0; i < spec.devices().size(); i++) {
      Path socket = directory.resolve("device" + i);
      lent.add(new VhostUserServer(socket, spec.devices().get(i)));
      files.add(UnixSocket.connect(socket, SocketKind.STREAM).fd());
    }
    for (NetworkPort port : spec.ports()) {
      files.add(PortDevice.tap(spec.networkNamespace().orElseThrow(), port));
    }
    return control;
  }

  private static SocketChannel control(Path path, List<Fd> files) throws IOException {
    Files.deleteIfExists(path);
    try (var listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      listener.bind(UnixDomainSocketAddress.of(path));
      files.add(UnixSocket.connect(path, SocketKind.STREAM).fd());
      return listener.accept();
    } finally {
      Files.deleteIfExists(path);
    }
  }
}
