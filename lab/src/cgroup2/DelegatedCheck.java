/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
import dev.caisson.sandbox.Exit;
import dev.caisson.sandbox.workload.Resources;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** An ordinary user in a group that was given to them: limits hold there too. */
final class DelegatedCheck {
  private DelegatedCheck() {}

  public static void main(String[] arguments) throws Exception {
    Machine.check("user: nothing is missing", Machine.ISOLATION.unavailable().isEmpty());
    var machine = new Machine(Path.of("/tmp/user"));
    var memory =
        new Resources.Memory(
            OptionalLong.of(32 << 20),
            OptionalLong.of(32 << 20),
            OptionalLong.empty(),
            OptionalInt.empty(),
            false);
    String files =
        machine.output(
            Resources.UNLIMITED.withMemory(memory).withPids(20),
            "cd /sys/fs/cgroup; cat memory.max pids.max");
    Machine.check("user: limits are set: " + files, files.equals("33554432 20"));
    Exit killed = machine.run(Resources.UNLIMITED.withMemory(memory), "exec tail -c 200m /dev/zero");
    Machine.check("user: out of memory: " + killed, killed.code() == 137 && killed.outOfMemory());
    String own = Files.readString(Path.of("/proc/self/cgroup")).strip();
    Path engine = Path.of("/sys/fs/cgroup" + own.substring(own.indexOf("::") + 2));
    new ParkedCheck(machine, engine.resolveSibling("caisson"), "user: ")
        .all(Resources.UNLIMITED.withMemory(memory).withPids(20));
    Machine.end();
  }
}
