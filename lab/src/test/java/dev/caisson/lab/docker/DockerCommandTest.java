/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The docker command line, as people use it every day. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class DockerCommandTest extends OnOneEngine {
  @TempDir private Path files;

  /** The page's claim is checked once everything has been done. */
  @Override
  void checkRequests(EngineProcess over) throws IOException {
    ClientCoverage.check(over.requests(), "docker", agent -> agent.startsWith("Docker-Client/"));
  }

  private Shell docker(String... words) {
    return Shell.of("docker", "-H", engine.address()).with(words);
  }

  private String ok(String... words) {
    return docker(words).ok().strip();
  }

  @Test
  void aContainerRunsInTheForeground() {
    var result =
        docker("run", "--rm", "busybox", "sh", "-c", "echo out; echo err >&2; exit 7").run();
    assertThat(result.code()).isEqualTo(7);
    assertThat(result.out()).isEqualTo("out\n");
    assertThat(result.err()).isEqualTo("err\n");
    assertThat(docker("run", "--rm", "-i", "busybox", "cat").input("typed\n").ok())
        .isEqualTo("typed\n");
    assertThat(docker("run", "--rm", "busybox", "nosuchcommand").run().code()).isEqualTo(127);
    assertThat(docker("run", "--rm", "busybox", "/etc").run().code()).isEqualTo(126);
  }

  /** Every flag has its effect; --privileged gives what this host has to give. */
  @Test
  void flagsOfRunHaveTheirEffect() {
    assertThat(
            docker("run", "--rm", "--cap-drop", "ALL", "--read-only", "--tmpfs", "/t:size=1m")
                .with("--ulimit", "nofile=99:99", "--sysctl", "net.core.somaxconn=9")
                .with("--device", "/dev/null:/dev/xnull", "--dns", "9.9.9.9")
                .with("--add-host", "h:1.2.3.4", "--hostname", "hh", "-u", "5:6", "-w", "/tmp")
                .with("-e", "A=b", "--entrypoint", "sh", "--init", "--oom-score-adj", "5")
                .with("--group-add", "77", "--security-opt", "no-new-privileges", "busybox", "-c")
                .with(
                    "echo $A $(pwd) $(hostname) $(id -u):$(id -g) $(ulimit -n);"
                        + " cat /proc/sys/net/core/somaxconn /proc/self/oom_score_adj;"
                        + " grep -c 1.2.3.4 /etc/hosts; grep -c 9.9.9.9 /etc/resolv.conf;"
                        + " ls /dev/xnull; touch /x 2>&1; grep CapEff /proc/self/status;"
                        + " cat /proc/1/comm")
                .ok()
                .lines())
        .containsExactly(
            "b /tmp hh 5:6 99",
            "9",
            "5",
            "1",
            "1",
            "/dev/xnull",
            "touch: /x: Read-only file system",
            "CapEff:\t0000000000000000",
            "caisson-stub");
    assertThat(
            ok("run", "--rm", "--privileged", "--pid", "host", "--network", "host", "busybox")
                + docker("run", "--rm", "--privileged", "busybox", "sh", "-c", "ls /dev | wc -l")
                    .ok()
                    .strip())
        .matches("\\d{2,}");
  }

  @Test
  void aTerminalHasASizeAndTakesInput() throws Exception {
    Terminal.takesInputAndHasASize(engine, "--name typed", 30);
  }

  @Test
  void detachKeysLeaveTheContainerRunning() throws Exception {
    try (Terminal terminal =
        new Terminal("exec docker -H " + engine.address() + " run -it --name kept busybox sh")) {
      terminal.await("#");
      terminal.type("\u0010\u0011"); // ctrl-p ctrl-q
      terminal.end();
    }
    assertThat(ok("inspect", "-f", "{{.State.Running}}", "kept")).isEqualTo("true");
    try (Terminal terminal =
        new Terminal(
            "exec docker -H " + engine.address() + " attach --detach-keys ctrl-x,q kept")) {
      terminal.type("echo again$((1+1))\n");
      terminal.await("again2");
      terminal.type("\u0018q");
      terminal.end();
    }
    assertThat(ok("inspect", "-f", "{{.State.Running}}", "kept")).isEqualTo("true");
    ok("rm", "-f", "kept");
  }

  @Test
  void execRunsFurtherCommands() throws Exception {
    ok("run", "-d", "--name", "host", "busybox", "sleep", "1000");
    assertThat(
            docker("exec", "-e", "A=b", "-w", "/tmp", "-u", "7:8", "host", "sh", "-c")
                .with("echo $A $(pwd) $(id -u):$(id -g)")
                .ok())
        .isEqualTo("b /tmp 7:8\n");
    assertThat(docker("exec", "host", "sh", "-c", "exit 3").run().code()).isEqualTo(3);
    assertThat(docker("exec", "host", "nosuch").run().code()).isEqualTo(127);
    assertThat(docker("exec", "-i", "host", "cat").input("x".repeat(100_000)).ok())
        .hasSize(100_000);
    ok("exec", "-d", "host", "sh", "-c", "echo later > /tmp/later");
    try (Terminal terminal =
        new Terminal("exec docker -H " + engine.address() + " exec -it host sh")) {
      terminal.await("#");
      terminal.type("cat /tmp/later; exit 4\n");
      terminal.await("later");
      assertThat(terminal.end()).isEqualTo(4);
    }
    ok("rm", "-f", "host");
  }

  @Test
  void logsAreSelectedByTimeAndCount() {
    docker("run", "-d", "--name", "talker", "busybox", "sh", "-c")
        .with("echo one; echo bad >&2; sleep 2; echo two; echo three; sleep 100")
        .ok();
    awaitLog("three");
    assertThat(docker("logs", "talker").run().out()).isEqualTo("one\ntwo\nthree\n");
    assertThat(docker("logs", "talker").run().err()).isEqualTo("bad\n");
    assertThat(ok("logs", "--tail", "1", "talker")).isEqualTo("three");
    assertThat(ok("logs", "-t", "--tail", "1", "talker"))
        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}Z three");
    String stamp =
        ok("logs", "-t", "talker")
            .lines()
            .filter(l -> l.endsWith("two"))
            .findFirst()
            .orElseThrow()
            .split(" ")[0];
    assertThat(ok("logs", "--since", stamp, "talker")).startsWith("two");
    assertThat(ok("logs", "--until", stamp, "talker")).startsWith("one").doesNotContain("three");
    Process follower = docker("logs", "-f", "--tail", "0", "talker").start();
    EngineProcess.pause(300);
    ok("rm", "-f", "talker"); // the stream ends with the container
    assertThat(exits(follower)).isTrue();
  }

  private void awaitLog(String text) {
    for (int i = 0; i < 100 && !docker("logs", "talker").run().out().contains(text); i++) {
      EngineProcess.pause(100);
    }
  }

  private static boolean exits(Process process) {
    try {
      return process.waitFor(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void filesGoInAndOut() throws IOException {
    ok("run", "-d", "--name", "files", "busybox", "sleep", "1000");
    Path tree = Files.createDirectories(files.resolve("tree/inner"));
    Files.writeString(tree.resolve("a"), "first");
    ok("cp", files.resolve("tree").toString(), "files:/tmp");
    assertThat(ok("exec", "files", "cat", "/tmp/tree/inner/a")).isEqualTo("first");
    ok("cp", files.resolve("tree") + "/.", "files:/root");
    assertThat(ok("exec", "files", "cat", "/root/inner/a")).isEqualTo("first");
    ok("cp", "files:/tmp/tree/inner/a", files.resolve("back").toString());
    assertThat(files.resolve("back")).hasContent("first");
    assertThat(docker("cp", "files:/nosuch", files.toString()).run().err()).contains("nosuch");
    assertThat(docker("cp", files.resolve("tree").toString(), "nosuch:/").run().err())
        .contains("No such container: nosuch");
    assertThat(ok("diff", "files").lines())
        .contains("A /tmp/tree/inner/a", "A /root/inner", "C /tmp");
    ok("rm", "-f", "files");
  }

  @Test
  void stateIsLookedAtFromAllSides() {
    ok("run", "-d", "--name", "seen", "--memory", "64m", "busybox", "sleep", "1000");
    assertThat(ok("top", "seen")).contains("sleep 1000");
    assertThat(ok("top", "seen", "-o", "pid,args")).startsWith("PID");
    assertThat(ok("stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}", "seen"))
        .startsWith("seen ")
        .endsWith("/ 64MiB");
    assertThat(ok("inspect", "--size", "-f", "{{.SizeRw}} {{.SizeRootFs}}", "seen"))
        .matches("\\d+ \\d{6,}");
    assertThat(ok("ps", "-s", "--filter", "name=seen", "--format", "{{.Names}} {{.Size}}"))
        .startsWith("seen ")
        .contains("virtual");
    assertThat(ok("ps", "--no-trunc", "--filter", "name=seen", "--format", "{{.Command}}"))
        .isEqualTo("\"sleep 1000\"");
    ok("update", "--memory", "48m", "--memory-swap", "48m", "--cpus", "0.5", "seen");
    assertThat(ok("inspect", "-f", "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}}", "seen"))
        .isEqualTo((48 << 20) + " 500000000");
    ok("rename", "seen", "seen2");
    ok("pause", "seen2");
    assertThat(ok("ps", "--filter", "status=paused", "--format", "{{.Names}}")).contains("seen2");
    assertThat(docker("exec", "seen2", "true").run().err()).contains("paused");
    ok("unpause", "seen2");
    ok("restart", "-t", "0", "seen2");
    ok("stop", "-t", "0", "seen2");
    assertThat(ok("wait", "seen2")).isEqualTo("137");
    assertThat(docker("kill", "seen2").run().err()).contains("is not running");
    ok("start", "seen2");
    ok("kill", "-s", "KILL", "seen2");
    ok("rm", "seen2");
  }

  @Test
  void waitKnowsThreeConditions() throws Exception {
    String id = ok("create", "busybox", "sh", "-c", "exit 6");
    Process removed =
        Shell.of("curl", "-s", "--unix-socket", engine.socket().toString(), "-X", "POST")
            .with("http://d/v1.43/containers/" + id + "/wait?condition=removed")
            .start();
    Process nextExit =
        Shell.of("curl", "-s", "--unix-socket", engine.socket().toString(), "-X", "POST")
            .with("http://d/v1.43/containers/" + id + "/wait?condition=next-exit")
            .start();
    EngineProcess.pause(500);
    ok("start", id);
    assertThat(new String(nextExit.getInputStream().readAllBytes())).contains("\"StatusCode\":6");
    assertThat(removed.isAlive()).isTrue();
    ok("rm", id);
    assertThat(new String(removed.getInputStream().readAllBytes())).contains("\"StatusCode\":6");
  }

  @Test
  void imagesAreCommittedSavedLoadedImportedAndTagged() {
    ok("run", "--name", "maker", "busybox", "sh", "-c", "echo made > /made");
    ok(
        "commit",
        "-m",
        "why",
        "-a",
        "who",
        "-c",
        "ENV X=y",
        "-c",
        "CMD [\"cat\",\"/made\"]",
        "maker",
        "made:1");
    assertThat(ok("run", "--rm", "made:1")).isEqualTo("made");
    ok("tag", "made:1", "made:2");
    Path archive = files.resolve("made.tar");
    ok("save", "-o", archive.toString(), "made:1", "made:2", "busybox");
    ok("rmi", "made:1", "made:2");
    assertThat(ok("load", "-i", archive.toString())).contains("made:1").contains("made:2");
    assertThat(ok("history", "made:1", "--format", "{{.Size}}").lines().count())
        .isGreaterThanOrEqualTo(2);
    Path root = files.resolve("root.tar");
    ok("export", "-o", root.toString(), "maker");
    ok("import", "-c", "CMD [\"cat\",\"/made\"]", root.toString(), "flat:1");
    assertThat(ok("run", "--rm", "flat:1")).isEqualTo("made");
    assertThat(ok("images", "--filter", "reference=made:*", "--format", "{{.Tag}}").lines())
        .containsExactlyInAnyOrder("1", "2");
    assertThat(ok("image", "inspect", "-f", "{{.Config.Cmd}}", "made:1")).contains("/made");
    ok("rm", "maker");
    ok("rmi", "flat:1");
    ok("image", "prune", "-f");
    assertThat(docker("rmi", "nosuch").run().err()).contains("No such image");
  }

  @Test
  void networksAndVolumesConnectContainers() {
    // A subnet of its own: engines of other tests choose theirs on this host at the same time.
    long own = ProcessHandle.current().pid();
    String subnet = "10." + (200 + own % 50) + "." + own / 50 % 250 + ".0/24";
    ok("network", "create", "--label", "a=b", "--subnet", subnet, "lab-net");
    ok("volume", "create", "--label", "a=b", "lab-vol");
    docker("run", "-d", "--name", "web", "--network", "lab-net", "--network-alias", "www")
        .with("-v", "lab-vol:/v", "-p", "127.0.0.1::8080", "busybox")
        .with("httpd", "-f", "-p", "8080", "-h", "/etc")
        .ok();
    for (String name : List.of("web", "www")) {
      docker("run", "--rm", "--network", "lab-net", "busybox")
          .with("wget", "-qO-", "http://" + name + ":8080/passwd")
          .ok();
    }
    assertThat(ok("port", "web")).startsWith("8080/tcp -> 127.0.0.1:");
    String address = ok("port", "web", "8080");
    assertThat(Shell.of("curl", "-s", "http://" + address + "/passwd").ok()).startsWith("root:");
    assertThat(ok("network", "inspect", "-f", "{{range .Containers}}{{.Name}}{{end}}", "lab-net"))
        .isEqualTo("web");
    assertThat(docker("network", "rm", "lab-net").run().err()).contains("active endpoints");
    assertThat(docker("volume", "rm", "lab-vol").run().err()).contains("in use");
    // A second network while it runs, and other networks while it does not.
    ok("network", "connect", "--alias", "second", "bridge", "web");
    ok("network", "disconnect", "lab-net", "web");
    ok("stop", "-t", "0", "web");
    ok("network", "connect", "lab-net", "web");
    ok("network", "disconnect", "bridge", "web");
    ok("start", "web");
    assertThat(
            ok(
                "inspect",
                "-f",
                "{{range $k, $v := .NetworkSettings.Networks}}{{$k}}{{end}}",
                "web"))
        .isEqualTo("lab-net");
    ok("rm", "-f", "web");
    assertThat(ok("network", "ls", "--filter", "label=a=b", "--format", "{{.Name}}"))
        .isEqualTo("lab-net");
    assertThat(ok("volume", "ls", "--filter", "label=a=b", "--format", "{{.Name}}"))
        .isEqualTo("lab-vol");
    assertThat(ok("volume", "inspect", "-f", "{{.Driver}}", "lab-vol")).isEqualTo("local");
    ok("network", "rm", "lab-net");
    ok("volume", "rm", "lab-vol");
  }

  @Test
  void psFiltersByEverything() {
    ok("network", "create", "ps-net");
    docker("run", "-d", "--name", "ps-one", "--network", "ps-net", "-l", "ps=1", "-v", "ps-vol:/v")
        .with("-p", "127.0.0.1::81", "--expose", "82", "busybox", "sleep", "1000")
        .ok();
    docker("run", "--name", "ps-two", "-l", "ps=2", "busybox", "sh", "-c", "exit 3").run();
    String one = ok("inspect", "-f", "{{.Id}}", "ps-one");
    for (String filter :
        List.of(
            "id=" + one.substring(0, 12),
            "name=^ps-one$",
            "label=ps=1",
            "status=running",
            "volume=ps-vol",
            "volume=/v",
            "network=ps-net",
            "publish=81",
            "expose=82",
            "before=ps-two",
            "isolation=container",
            "ancestor=busybox:latest")) {
      assertThat(ok("ps", "-a", "--filter", filter, "--format", "{{.Names}}").lines())
          .as(filter)
          .contains("ps-one");
    }
    for (String filter : List.of("exited=3", "since=ps-one", "status=exited", "label=ps")) {
      assertThat(ok("ps", "-a", "--filter", filter, "--format", "{{.Names}}").lines())
          .as(filter)
          .contains("ps-two");
    }
    assertThat(ok("ps", "-a", "--filter", "exited=3", "--format", "{{.Names}}").lines())
        .doesNotContain("ps-one");
    assertThat(docker("ps", "--filter", "nosuch=1").run().err()).contains("invalid filter");
    assertThat(ok("ps", "-n", "1", "--format", "{{.Names}}").lines().count()).isEqualTo(1);
    String everything =
        "{{.ID}} {{.Image}} {{.Command}} {{.CreatedAt}} {{.RunningFor}} {{.Ports}} {{.State}}"
            + " {{.Status}} {{.Size}} {{.Names}} {{.Labels}} {{.Mounts}} {{.LocalVolumes}} {{.Networks}}";
    assertThat(ok("ps", "-a", "--filter", "name=ps-one", "--format", everything))
        .contains("running Up ", "ps=1", "ps-vol", "ps-net", "->81/tcp");
    ok("rm", "-f", "-v", "ps-one", "ps-two");
    ok("network", "rm", "ps-net");
  }

  @Test
  void eventsAreFiltered() {
    String since = Long.toString(System.currentTimeMillis() / 1000 - 1);
    ok("run", "--rm", "--name", "noted", "-l", "noted=yes", "busybox", "true");
    String until = Long.toString(System.currentTimeMillis() / 1000 + 1);
    assertThat(
            ok("events", "--since", since, "--until", until, "--filter", "container=noted")
                .lines()
                .map(line -> line.split(" ")[2]))
        .containsSubsequence("create", "attach", "start", "die", "destroy");
    assertThat(
            ok("events", "--since", since, "--until", until, "--filter", "label=noted=yes").lines())
        .isNotEmpty();
    assertThat(
            ok("events", "--since", since, "--until", until)
                .lines()
                .filter(line -> line.contains("noted")))
        .anyMatch(line -> line.contains(" die "));
    assertThat(ok("events", "--since", since, "--until", until, "--filter", "event=die").lines())
        .allMatch(line -> line.contains(" die "));
    assertThat(ok("events", "--since", since, "--until", until, "--filter", "type=network").lines())
        .allMatch(line -> line.contains(" network "));
  }

  @Test
  void volumesTellWhenTheyAreMounted() {
    String since = Long.toString(System.currentTimeMillis() / 1000 - 1);
    ok("run", "--rm", "-v", "told-vol:/data:ro", "--name", "told", "busybox", "true");
    String until = Long.toString(System.currentTimeMillis() / 1000 + 1);
    String format = "{{.Action}} {{.Actor.Attributes}}";
    List<String> told =
        ok("events", "--since", since, "--until", until, "--filter", "volume=told-vol")
            .lines()
            .toList();
    assertThat(told)
        .satisfiesExactly(
            line -> assertThat(line).contains("volume create told-vol"),
            line ->
                assertThat(line)
                    .contains("volume mount told-vol", "destination=/data", "read/write=false"),
            line -> assertThat(line).contains("volume unmount told-vol", "container=", "driver="));
    assertThat(
            ok("events", "--since", since, "--until", until, "--format", format)
                .lines()
                .map(line -> line.split(" ")[0]))
        .containsSubsequence("mount", "start", "die", "unmount");
    ok("volume", "rm", "told-vol");
  }

  @Test
  void theSystemTellsAboutItself() {
    assertThat(ok("version", "--format", "{{.Server.Platform.Name}}")).startsWith("Caisson");
    assertThat(ok("info", "--format", "{{.OSType}} {{.Swarm.LocalNodeState}}"))
        .isEqualTo("linux inactive");
    assertThat(ok("system", "df")).contains("Images").contains("Local Volumes");
    assertThat(ok("system", "df", "-v")).contains("busybox");
    ok("run", "--name", "spent", "busybox", "true");
    assertThat(ok("container", "prune", "-f", "--filter", "label=nosuch"))
        .doesNotContain("Deleted");
    assertThat(ok("container", "prune", "-f")).contains("Deleted Containers");
    ok("volume", "create", "spent-volume");
    assertThat(ok("volume", "prune", "-f", "-a")).contains("spent-volume");
    ok("network", "create", "spent-net");
    assertThat(ok("network", "prune", "-f")).contains("spent-net");
    ok("system", "prune", "-f");
    ok("builder", "prune", "-f");
  }

  @Test
  void outsideASwarmItSaysSo() {
    for (List<String> words :
        List.of(
            List.of("service", "ls"),
            List.of("node", "ls"),
            List.of("secret", "ls"),
            List.of("config", "ls"))) {
      assertThat(docker(words.toArray(String[]::new)).run().err())
          .contains("This node is not a swarm manager");
    }
    assertThat(ok("plugin", "ls")).startsWith("ID");
  }

  @Test
  void aFailingHealthCheckIsSeen() {
    docker("run", "-d", "--name", "ill", "--health-cmd", "echo bad; exit 1")
        .with("--health-interval", "200ms", "--health-retries", "2", "busybox", "sleep", "1000")
        .ok();
    for (int i = 0; i < 100 && !ok("ps", "--format", "{{.Status}}").contains("unhealthy"); i++) {
      EngineProcess.pause(100);
    }
    assertThat(ok("ps", "--filter", "health=unhealthy", "--format", "{{.Names}}")).contains("ill");
    assertThat(ok("inspect", "-f", "{{(index .State.Health.Log 0).Output}}", "ill"))
        .isEqualTo("bad");
    ok("rm", "-f", "ill");
  }

  @Test
  void aContextNamesTheSocket() throws IOException {
    Path configuration = Files.createDirectories(files.resolve("configuration"));
    Shell plain = Shell.of("docker").variable("DOCKER_CONFIG", configuration.toString());
    plain.with("context", "create", "caisson", "--docker", "host=" + engine.address()).ok();
    plain.with("context", "use", "caisson").ok();
    assertThat(plain.with("run", "--rm", "busybox", "echo", "hello").ok()).isEqualTo("hello\n");
  }

  @Test
  void theIsolationIsChosenByFlagRuntimeOrLabel() {
    String field = "{{.HostConfig.Isolation}}";
    assertThat(ok("inspect", "-f", field, ok("create", "busybox"))).isEqualTo("container");
    assertThat(ok("inspect", "-f", field, ok("create", "--isolation", "container", "busybox")))
        .isEqualTo("container");
    assertThat(docker("create", "--isolation", "nosuch", "busybox").run().err())
        .contains("unknown isolation \"nosuch\"");
    assertThat(docker("create", "--runtime", "nosuch", "busybox").run().err())
        .contains("unknown isolation \"nosuch\"");
    assertThat(docker("create", "--label", "dev.caisson.isolation=nosuch", "busybox").run().err())
        .contains("unknown isolation \"nosuch\"");
    // What an image says of it is no order. notes: container labels once became orders elsewhere
    String id = ok("create", "busybox");
    ok("commit", "-c", "LABEL dev.caisson.isolation=nosuch", id, "labelled");
    assertThat(ok("inspect", "-f", field, ok("create", "labelled"))).isEqualTo("container");
  }
}
