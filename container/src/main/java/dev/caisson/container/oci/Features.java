/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.oci;

import dev.caisson.launch.Namespace;
import dev.caisson.sandbox.workload.Capability;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What this runtime offers, and a configuration to start from. runtime-spec 1.2, features.md */
final class Features {
  private Features() {}

  static String json() {
    ObjectNode root = Document.MAPPER.createObjectNode();
    root.put("ociVersionMin", "1.0.0").put("ociVersionMax", "1.2.0");
    root.set(
        "hooks",
        array(
            Stream.of(
                "prestart",
                "createRuntime",
                "createContainer",
                "startContainer",
                "poststart",
                "poststop")));
    root.set(
        "mountOptions",
        array(
            Stream.of(
                "bind",
                "rbind",
                "ro",
                "rw",
                "rro",
                "rnosuid",
                "rnodev",
                "rnoexec",
                "suid",
                "dev",
                "exec",
                "defaults",
                "async",
                "atime",
                "diratime",
                "tmpcopyup",
                "nosuid",
                "nodev",
                "noexec",
                "noatime",
                "nodiratime",
                "relatime",
                "strictatime",
                "nosymfollow",
                "private",
                "rprivate",
                "slave",
                "rslave",
                "shared",
                "rshared",
                "unbindable",
                "runbindable")));
    ObjectNode linux = root.putObject("linux");
    linux.set(
        "namespaces",
        array(Stream.of(Namespace.values()).map(kind -> kind.name().toLowerCase(Locale.ROOT))));
    linux.set(
        "capabilities",
        array(Stream.of(Capability.values()).map(capability -> "CAP_" + capability.name())));
    linux
        .putObject("cgroup")
        .put("v1", true)
        .put("v2", true)
        .put("systemd", false)
        .put("systemdUser", false);
    linux
        .putObject("seccomp")
        .put("enabled", true)
        .set("archs", array(Stream.of("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32")));
    ObjectNode seccomp = linux.withObjectProperty("seccomp");
    seccomp.set(
        "actions",
        array(
            Stream.of(
                "SCMP_ACT_ALLOW",
                "SCMP_ACT_ERRNO",
                "SCMP_ACT_KILL",
                "SCMP_ACT_KILL_PROCESS",
                "SCMP_ACT_KILL_THREAD",
                "SCMP_ACT_LOG",
                "SCMP_ACT_TRACE",
                "SCMP_ACT_TRAP")));
    seccomp.set(
        "operators",
        array(
            Stream.of(
                "SCMP_CMP_EQ",
                "SCMP_CMP_GE",
                "SCMP_CMP_GT",
                "SCMP_CMP_LE",
                "SCMP_CMP_LT",
                "SCMP_CMP_MASKED_EQ",
                "SCMP_CMP_NE")));
    linux.putObject("apparmor").put("enabled", true);
    linux.putObject("selinux").put("enabled", true);
    linux.putObject("intelRdt").put("enabled", false);
    root.putObject("annotations").put("dev.caisson.version", "0.1.0");
    root.putArray("potentiallyUnsafeConfigAnnotations");
    return Document.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(root);
  }

  static String specification() {
    ObjectNode root =
        Document.MAPPER.createObjectNode().put("ociVersion", "1.2.0").put("hostname", "caisson");
    ObjectNode process =
        root.putObject("process")
            .put("terminal", true)
            .put("cwd", "/")
            .put("noNewPrivileges", true);
    process.putObject("user").put("uid", 0).put("gid", 0);
    process.set("args", array(Stream.of("sh")));
    process.set(
        "env",
        array(
            Stream.of(
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "TERM=xterm")));
    ObjectNode capabilities = process.putObject("capabilities");
    for (String set : List.of("bounding", "effective", "permitted")) {
      capabilities.set(
          set, array(Stream.of("CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE")));
    }
    root.putObject("root").put("path", "rootfs").put("readonly", true);
    ArrayNode mounts = root.putArray("mounts");
    mount(mounts, "/proc", "proc");
    mount(mounts, "/dev", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k");
    mount(
        mounts,
        "/dev/pts",
        "devpts",
        "nosuid",
        "noexec",
        "newinstance",
        "ptmxmode=0666",
        "mode=0620",
        "gid=5");
    mount(mounts, "/dev/shm", "tmpfs", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k");
    mount(mounts, "/dev/mqueue", "mqueue", "nosuid", "noexec", "nodev");
    mount(mounts, "/sys", "sysfs", "nosuid", "noexec", "nodev", "ro");
    mount(mounts, "/sys/fs/cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", "ro");
    ObjectNode linux = root.putObject("linux");
    ArrayNode namespaces = linux.putArray("namespaces");
    Stream.of("pid", "network", "ipc", "uts", "mount", "cgroup")
        .forEach(kind -> namespaces.addObject().put("type", kind));
    linux.set(
        "maskedPaths",
        array(
            Stream.of(
                "/proc/acpi",
                "/proc/asound",
                "/proc/kcore",
                "/proc/keys",
                "/proc/latency_stats",
                "/proc/timer_list",
                "/proc/timer_stats",
                "/proc/sched_debug",
                "/sys/firmware",
                "/proc/scsi")));
    linux.set(
        "readonlyPaths",
        array(Stream.of("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")));
    return Document.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(root);
  }

  private static void mount(ArrayNode mounts, String target, String type, String... options) {
    mounts
        .addObject()
        .put("destination", target)
        .put("type", type)
        .put("source", type)
        .set("options", array(Stream.of(options)));
  }

  private static ArrayNode array(Stream<String> texts) {
    ArrayNode array = Document.MAPPER.createArrayNode();
    texts.forEach(array::add);
    return array;
  }
}
