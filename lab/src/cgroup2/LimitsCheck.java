/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
import dev.caisson.sandbox.Exit;
import dev.caisson.sandbox.Sandbox;
import dev.caisson.sandbox.ability.Measurable;
import dev.caisson.sandbox.workload.Devices;
import dev.caisson.sandbox.workload.Resources;
import dev.caisson.sandbox.workload.Resources.DeviceRate;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Each limit, by the kernel's own files as a container sees them, and by what it does. */
final class LimitsCheck {
  private static final Resources FREE = Resources.UNLIMITED;
  private static final String FILES = "cd /sys/fs/cgroup; cat ";
  private static final long MIB = 1 << 20;
  private static final Path DISK = Path.of("/dev/loop1");
  private final Machine machine;

  LimitsCheck(Machine machine) {
    this.machine = machine;
  }

  void all(boolean quick) throws Exception {
    memory();
    processors();
    tasks();
    devices();
    unified();
    if (!quick) {
      throttled();
      blockDevices();
    }
  }

  private void same(String what, String found, String wanted) {
    Machine.check(what + ": " + found, found.equals(wanted));
  }

  private static Resources memory(long limit, OptionalLong swapTotal) {
    return FREE.withMemory(
        new Resources.Memory(
            OptionalLong.of(limit),
            swapTotal,
            OptionalLong.of(limit / 2),
            OptionalInt.empty(),
            false));
  }

  private void memory() throws Exception {
    String files = FILES + "memory.max memory.swap.max memory.low";
    same(
        "memory, as much swap again, reservation",
        machine.output(memory(32 * MIB, OptionalLong.empty()), files),
        "33554432 33554432 16777216");
    same(
        "no swap",
        machine.output(memory(32 * MIB, OptionalLong.of(32 * MIB)), files),
        "33554432 0 16777216");
    same(
        "any swap",
        machine.output(memory(32 * MIB, OptionalLong.of(-1)), files),
        "33554432 max 16777216");
    Exit killed =
        machine.run(memory(32 * MIB, OptionalLong.of(32 * MIB)), "exec tail -c 200m /dev/zero");
    Machine.check("out of memory: " + killed, killed.code() == 137 && killed.outOfMemory());
    Exit child =
        machine.run(
            memory(32 * MIB, OptionalLong.of(32 * MIB)), "tail -c 200m /dev/zero; sleep 0; exit 3");
    Machine.check("out of memory in a child: " + child, child.code() == 3 && child.outOfMemory());
  }

  private void processors() throws Exception {
    var cpu =
        new Resources.Cpu(
            OptionalLong.of(1024),
            OptionalLong.of(50_000),
            OptionalLong.of(100_000),
            OptionalLong.empty(),
            OptionalLong.empty(),
            Optional.of("1"),
            Optional.of("0"));
    same(
        "quota, weight and sets",
        machine.output(FREE.withCpu(cpu), FILES + "cpu.max cpu.weight cpuset.cpus cpuset.mems"),
        "50000 100000 100 1 0");
    same(
        "the set holds",
        machine.output(
            FREE.withCpu(cpu), "grep Cpus_allowed_list /proc/self/status | grep -o '[0-9]*$'"),
        "1");
  }

  private void tasks() throws Exception {
    same("process limit", machine.output(FREE.withPids(20), FILES + "pids.max"), "20");
    same("no process limit", machine.output(FREE.withPids(-1), FILES + "pids.max"), "max");
    Machine.check(
        "a fork bomb is bounded",
        machine.run(
                    FREE.withPids(4),
                    "for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; wait; exit 0")
                .code()
            != 0);
  }

  private void devices() throws Exception {
    Machine.check(
        "devices: none but the harmless ones",
        machine.run(FREE, "mknod /d b 254 0 && ! cat /d && cat /dev/null && head -c 1 /dev/zero")
                .code()
            == 0);
    if (!Files.exists(DISK)) {
      Machine.skip("a device that was given", "no " + DISK);
      return;
    }
    same(
        "devices: one that was given, for reading",
        machine.output(
            FREE,
            new Devices(List.of(new Devices.Device(DISK, "/dev/disk", "r")), List.of()),
            "head -c 5 /dev/disk | wc -c; (echo x > /dev/disk) 2>/dev/null || echo refused"),
        "5 refused");
  }

  private void unified() throws Exception {
    var resources =
        new Resources(
            FREE.memory(),
            FREE.cpu(),
            FREE.pids(),
            FREE.blockIo(),
            List.of(),
            "",
            Map.of("memory.high", "30408704"));
    same("a file by name", machine.output(resources, FILES + "memory.high"), "30408704");
  }

  private void throttled() throws Exception {
    Sandbox busy =
        machine.create(FREE.withCpu(Resources.Cpu.nano(200_000_000)), "while :; do :; done");
    busy.start();
    Thread.sleep(3_000);
    var cpu = busy.ability(Measurable.class).orElseThrow().usage().cpu();
    busy.delete();
    Machine.check(
        "a fifth of a processor for 3 s: %d ms, throttled %d times"
            .formatted(cpu.total() / 1_000_000, cpu.throttledPeriods()),
        cpu.total() < 1_200_000_000L && cpu.throttledPeriods() > 5 && cpu.periods() > 0);
  }

  private void blockDevices() throws Exception {
    if (!Files.exists(DISK)) {
      Machine.skip("block devices", "no " + DISK);
      return;
    }
    long number = ((Number) Files.getAttribute(DISK, "unix:rdev")).longValue();
    int major = (int) (number >>> 8 & 0xfff);
    int minor = (int) (number & 0xff);
    var io =
        new Resources.BlockIo(
            OptionalInt.empty(),
            List.of(),
            List.of(),
            List.of(new DeviceRate(major, minor, MIB)),
            List.of(new DeviceRate(major, minor, 500)),
            List.of());
    var device = new Devices(List.of(new Devices.Device(DISK, "/dev/disk", "rw")), List.of());
    same(
        "block device rates",
        machine.output(FREE.withBlockIo(io), device, FILES + "io.max"),
        major + ":" + minor + " rbps=max wbps=" + MIB + " riops=500 wiops=max");
    Sandbox writer =
        machine.create(
            FREE.withBlockIo(io), device, "dd if=/dev/zero of=/dev/disk bs=1M count=4 conv=fsync; sleep 100");
    long begin = System.nanoTime();
    writer.start();
    var measured = writer.ability(Measurable.class).orElseThrow();
    long written = 0;
    while (written < 4 * MIB && System.nanoTime() - begin < 20_000_000_000L) {
      Thread.sleep(100);
      written =
          measured.usage().blockDevices().stream().mapToLong(d -> d.writtenBytes()).sum();
    }
    long millis = (System.nanoTime() - begin) / 1_000_000;
    writer.delete();
    Machine.check(
        "4 MiB at 1 MiB/s took %d ms, %d bytes told".formatted(millis, written),
        millis >= 2_000 && written >= 4 * MIB);
  }
}
