/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.caisson.kvm.Kvm;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.virtio.console.ConsoleDevice;
import dev.caisson.virtio.console.ConsolePort;
import dev.caisson.virtio.device.VirtioDevice;
import dev.caisson.virtio.fs.Export;
import dev.caisson.virtio.fs.FileSystemDevice;
import dev.caisson.virtio.fs.FuseServer;
import dev.caisson.virtio.queue.Buffers;
import dev.caisson.virtio.queue.Chain;
import dev.caisson.vmm.VmmException;
import dev.caisson.vmm.acpi.Platform;
import dev.caisson.vmm.boot.BootFiles;
import dev.caisson.vmm.boot.TinyKernel;
import dev.caisson.vmm.memory.MachineMemory;
import dev.caisson.vmm.snapshot.MachineState;
import dev.caisson.vmm.snapshot.Snapshot;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Machines that stand still in a file and go on from it, on the host's own /dev/kvm. */
@Tag("integration")
@Timeout(120)
class SnapshotTest {
  private static final int COUNTER = 0x20_0000;
  private static final int MEMORY = 4 << 20;

  @TempDir Path directory;
  private Kvm kvm;
  private final List<Machine> machines = new ArrayList<>();

  @BeforeEach
  void open() {
    assumeTrue(Files.isWritable(Path.of("/dev/kvm")), "no /dev/kvm");
    kvm = Kvm.open();
  }

  @AfterEach
  void close() {
    machines.forEach(Machine::close);
    if (kvm != null) {
      kvm.close();
    }
  }

  /** Bytes a guest printed, in order. */
  private static final class Console {
    private final LinkedBlockingQueue<Integer> printed = new LinkedBlockingQueue<>();
    private volatile int last;

    void print(int value) {
      last = value;
      printed.add(value);
    }

    int next() throws InterruptedException {
      Integer value = printed.poll(30, TimeUnit.SECONDS);
      assertThat(value).as("a printed byte").isNotNull();
      return value;
    }
  }

  /** Counts in memory and prints the lowest byte of each number. */
  private static TinyKernel counting() {
    return new TinyKernel()
        .code(0xff, 0x05, COUNTER & 0xff, (COUNTER >> 8) & 0xff, COUNTER >> 16, 0) // inc dword
        .load(COUNTER)
        .print()
        .repeat();
  }

  private MachineConfig config(Console console, VirtioDevice... devices) throws IOException {
    Path kernel = directory.resolve("kernel");
    if (!Files.exists(kernel)) {
      counting().write(kernel);
    }
    return new MachineConfig(
        "tiny",
        MEMORY,
        MachineMemory.Backing.PRIVATE,
        1,
        List.of(),
        new BootFiles(kernel, Optional.empty(), "none"),
        List.of(devices),
        console::print);
  }

  private Machine kept(Machine machine) {
    machines.add(machine);
    return machine;
  }

  /** A counting machine that was paused, and the number it printed last. */
  private Machine paused(Console console, VirtioDevice... devices) throws Exception {
    Machine machine = kept(Machine.create(kvm, config(console, devices)));
    machine.start();
    for (int i = 0; i < 20; i++) {
      console.next();
    }
    machine.pause();
    return machine;
  }

  @Test
  void clonesGoOnWhereTheSnapshotStandsAndDoNotDisturbEachOther() throws Exception {
    var console = new Console();
    Machine original = paused(console);
    int next = (console.last + 1) & 0xff;
    Path place = directory.resolve("snapshot");
    original.save(place);
    original.resume();
    Snapshot snapshot = Snapshot.open(place);
    snapshot.verify();
    for (int clone = 0; clone < 3; clone++) {
      var own = new Console();
      Machine restored = kept(Machine.restore(kvm, config(own), snapshot));
      restored.start();
      assertThat(own.next()).isEqualTo(next);
      assertThat(own.next()).isEqualTo((next + 1) & 0xff);
    }
    snapshot.verify();
  }

  /** The number by which a guest knows its life from others; page-aligned, below 640 KiB. */
  private static String generation(Machine machine) {
    byte[] number = new byte[16];
    MemorySegment.copy(
        machine.memory().guest().slice(Platform.GENERATION, 16),
        ValueLayout.JAVA_BYTE,
        0,
        number,
        0,
        number.length);
    return HexFormat.of().formatHex(number);
  }

  @Test
  void everyCloneHasAGenerationOfItsOwn() throws Exception {
    Machine original = paused(new Console());
    String before = generation(original);
    Path place = directory.resolve("snapshot");
    Snapshot snapshot = original.save(place);
    Set<String> seen = new HashSet<>(Set.of("00".repeat(16)));
    assertThat(seen.add(before)).isTrue();
    for (int clone = 0; clone < 3; clone++) {
      Machine restored = kept(Machine.restore(kvm, config(new Console()), snapshot));
      assertThat(seen.add(generation(restored))).isTrue();
    }
    assertThat(generation(original)).isEqualTo(before);
    snapshot.verify();
  }

  @Test
  void theClockOfACloneGoesOnAtThePresent() throws Exception {
    Machine original = paused(new Console());
    Path place = directory.resolve("snapshot");
    MachineState before = original.save(place).state();
    Thread.sleep(2000);
    var console = new Console();
    Machine restored = kept(Machine.restore(kvm, config(console), Snapshot.open(place)));
    restored.start();
    console.next();
    restored.pause();
    MachineState after = restored.save(directory.resolve("later")).state();
    long apart = after.savedAt() - before.savedAt();
    assertThat(after.clock() - before.clock())
        .isBetween(apart - 1_000_000_000L, apart + 1_000_000_000L);
  }

  @Test
  void devicesAndASecondSnapshotGoOnToo() throws Exception {
    var console = new Console();
    Machine original = paused(console, new ConsoleDevice(List.of(ConsolePort.named("test"))));
    original.save(directory.resolve("first"));
    original.close();
    var own = new Console();
    Machine restored =
        kept(
            Machine.restore(
                kvm,
                config(own, new ConsoleDevice(List.of(ConsolePort.named("test")))),
                Snapshot.open(directory.resolve("first"))));
    restored.start();
    own.next();
    restored.pause();
    restored.save(directory.resolve("second"));
    assertThat(directory.resolve("second/memory")).hasSize(MEMORY);
  }

  @Test
  void onlyAPausedMachineIsSavedAndOnlyOnce() throws Exception {
    Machine machine = paused(new Console());
    Path place = directory.resolve("snapshot");
    machine.save(place);
    assertThatThrownBy(() -> machine.save(place)).isInstanceOf(FileAlreadyExistsException.class);
    machine.resume();
    assertThatThrownBy(() -> machine.save(directory.resolve("other")))
        .isInstanceOfSatisfying(
            VmmException.class, e -> assertThat(e.kind()).isEqualTo(VmmException.Kind.WRONG_STATE));
    assertThat(directory.resolve("other")).doesNotExist();
    assertThat(directory.resolve("snapshot.unfinished")).doesNotExist();
  }

  /** One export, a directory, in which the guest has one file open: node 3, handle 1. */
  private FuseServer forwarded(Path share) {
    var export = new Export("root", Directory.openFile(share, 0, OpenFlag.PATH), false, 1);
    return new FuseServer(List.of(export), 16);
  }

  private static void ask(FuseServer server, int opcode, long node, byte[] arguments) {
    ByteBuffer request = ByteBuffer.allocateDirect(40 + arguments.length);
    request.order(ByteOrder.LITTLE_ENDIAN).putInt(0, 40 + arguments.length).putInt(4, opcode);
    request.putLong(16, node).put(40, arguments);
    MemorySegment answer = MemorySegment.ofBuffer(ByteBuffer.allocateDirect(256));
    Buffers in = Buffers.of(MemorySegment.ofBuffer(request));
    server.serve(new Chain(0, 1, in, Buffers.of(answer)));
    assertThat(answer.get(ValueLayout.JAVA_INT_UNALIGNED, 4)).isZero();
  }

  private static FuseServer withAnOpenFile(FuseServer server) {
    ask(server, 1, 2, "file\0".getBytes(StandardCharsets.US_ASCII)); // LOOKUP
    ask(server, 14, 3, new byte[8]); // OPEN
    return server;
  }

  @Test
  void aMachineWithForwardedFilesGoesOn() throws Exception {
    Path share = Files.createDirectory(directory.resolve("share"));
    Files.writeString(share.resolve("file"), "content");
    var device = new FileSystemDevice("root", 1, withAnOpenFile(forwarded(share)));
    Machine original = paused(new Console(), device);
    original.save(directory.resolve("snapshot"));
    original.close();
    FuseServer server = forwarded(share);
    var own = new Console();
    MachineConfig config = config(own, new FileSystemDevice("root", 1, server));
    Snapshot snapshot = Snapshot.open(directory.resolve("snapshot"));
    kept(Machine.restore(kvm, config, snapshot)).start();
    own.next();
    ask(
        server,
        15,
        3,
        ByteBuffer.allocate(40).order(ByteOrder.LITTLE_ENDIAN).putLong(0, 1).array());
  }

  @Test
  void aMachineWithARemovedFileOpenSaysWhyItCannotBeSavedAndGoesOn() throws Exception {
    Path share = Files.createDirectory(directory.resolve("share"));
    Files.writeString(share.resolve("file"), "content");
    FuseServer server = withAnOpenFile(forwarded(share));
    Files.delete(share.resolve("file"));
    var console = new Console();
    var files = new FileSystemDevice("root", 1, server);
    Machine machine = paused(console, new ConsoleDevice(List.of(ConsolePort.named("a"))), files);
    assertThatThrownBy(() -> machine.save(directory.resolve("snapshot")))
        .hasMessageContaining("no name any more");
    assertThat(directory.resolve("snapshot")).doesNotExist();
    console.printed.clear();
    machine.resume();
    console.next();
  }

  @Test
  void anotherKindOfMachineIsRefused() throws Exception {
    Machine machine = paused(new Console());
    machine.save(directory.resolve("snapshot"));
    Snapshot snapshot = Snapshot.open(directory.resolve("snapshot"));
    var device = new ConsoleDevice(List.of(ConsolePort.named("test")));
    assertThatThrownBy(() -> Machine.restore(kvm, config(new Console(), device), snapshot))
        .hasMessageContaining("0 devices, the description 1");
  }

  /** notes/security.md 57 */
  @Test
  void aThousandFlippedBitsAreEachRefused() throws Exception {
    Machine machine = paused(new Console());
    Path place = directory.resolve("snapshot");
    machine.save(place);
    machine.close();
    Path state = place.resolve("state");
    Path memory = place.resolve("memory");
    for (Path file : List.of(state, memory)) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }
    byte[] good = Files.readAllBytes(state);
    var random = new Random(57);
    for (int round = 0; round < 1000; round++) {
      byte[] bad = good.clone();
      bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
      Files.write(state, bad);
      assertThatThrownBy(() -> Snapshot.open(place)).hasMessageContaining("offset 0x");
    }
    for (int length = 0; length < good.length; length += 997) {
      Files.write(state, Arrays.copyOf(good, length));
      assertThatThrownBy(() -> Snapshot.open(place)).hasMessageContaining("offset 0x");
    }
    Files.write(state, good);
    byte[] pages = Files.readAllBytes(memory);
    for (int round = 0; round < 20; round++) {
      byte[] bad = pages.clone();
      bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
      Files.write(memory, bad);
      Snapshot snapshot = Snapshot.open(place);
      assertThatThrownBy(snapshot::verify).hasMessageContaining("offset 0x");
    }
    Files.write(memory, Arrays.copyOf(pages, pages.length / 2));
    assertThatThrownBy(() -> Snapshot.open(place)).hasMessageContaining("bytes instead of");
  }
}
