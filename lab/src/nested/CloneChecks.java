/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */

import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.Sandbox;
import dev.caisson.sandbox.ability.Attachable;
import dev.caisson.sandbox.ability.Attachment;
import dev.caisson.sandbox.ability.Executable;
import dev.caisson.sandbox.ability.Savable;
import dev.caisson.sandbox.workload.NetworkAttachment;
import dev.caisson.sandbox.workload.Program;
import dev.caisson.sandbox.workload.Resources;
import dev.caisson.sandbox.workload.RootFilesystem;
import dev.caisson.sandbox.workload.Workload;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Thin machines kept as they run, and others that go on from there as themselves. */
final class CloneChecks {
  private static final int PATIENCE_SECONDS = 120;

  /** How many clones share one snapshot: {@code LAB_JAVA=-Dlab.crowd=100}. */
  private static final int CROWD = Integer.getInteger("lab.crowd", 12);

  private static final long MEMORY = 32L << 20;

  /** Says who it is, again and again: what it counts is in its memory. */
  private static final String SPEAKER =
      "i=0; while :; do i=$((i+1));"
          + " echo \"$i $(hostname) $(cat /sys/class/net/eth0/address)"
          + " $(cat /proc/sys/kernel/random/uuid)\"; sleep 0.2; done";

  private static final Pattern LINE =
      Pattern.compile("(\\d+) (\\S+) ([0-9a-f:]{17}) ([0-9a-f-]{36})\r?\n");

  private CloneChecks() {}

  /** One machine with its place, and what its first process said. */
  private static final class Guest implements AutoCloseable {
    private final String name;
    private final Path place;
    private final Sandbox sandbox;
    private final Attachment attachment;
    private final StringBuilder said = new StringBuilder();

    Guest(String name, Path layer, Optional<LabNetwork.Place> network, String program)
        throws IOException {
      this.name = name;
      this.place = Files.createTempDirectory(name);
      var root =
          new RootFilesystem.Layers(List.of(new RootFilesystem.Layer("busybox", layer)), 0, false);
      var builder =
          Workload.builder(name, root)
              .hostname(name)
              .resources(Resources.UNLIMITED.withMemory(Resources.Memory.limit(MEMORY)))
              .process(Program.of("sh", "-c", program).build());
      Path hosts = Files.writeString(place.resolve("hosts"), "10.9.0.1 host-of-" + name + "\n");
      network.ifPresent(
          given ->
              builder.network(
                  new NetworkAttachment(
                      new NetworkAttachment.Prepared(given.namespace()),
                      Optional.empty(),
                      Optional.of(hosts),
                      Optional.empty())));
      this.sandbox =
          ThinChecks.thin()
              .create(
                  builder.build(),
                  new Place(
                      Files.createDirectories(place.resolve("state")),
                      Files.createDirectories(place.resolve("run"))));
      this.attachment = sandbox.ability(Attachable.class).orElseThrow().attach();
      Thread.ofPlatform().daemon().start(this::listen);
    }

    private void listen() {
      try {
        for (var chunk = attachment.read(); chunk.isPresent(); chunk = attachment.read()) {
          synchronized (said) {
            said.append(StandardCharsets.UTF_8.decode(chunk.get().bytes()));
            said.notifyAll();
          }
        }
      } catch (IOException e) {
        System.out.println(name + ": " + e);
      }
    }

    String said() {
      synchronized (said) {
        return said.toString();
      }
    }

    /** What it said of itself, by its count; waits for so many lines. */
    Map<Integer, List<String>> lines(int count) throws InterruptedException {
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
      while (true) {
        Map<Integer, List<String>> lines = new TreeMap<>();
        for (Matcher m = LINE.matcher(said()); m.find(); ) {
          lines.put(Integer.parseInt(m.group(1)), List.of(m.group(2), m.group(3), m.group(4)));
        }
        if (lines.size() >= count) {
          return lines;
        }
        if (System.nanoTime() > deadline) {
          throw new AssertionError(name + " said only: " + said());
        }
        Thread.sleep(50);
      }
    }

    /** What a command says in it. */
    String tell(String command) throws Exception {
      var session =
          sandbox
              .ability(Executable.class)
              .orElseThrow()
              .exec(Executable.Command.of("sh", "-c", command));
      var text = new StringBuilder();
      for (var chunk = session.read(); chunk.isPresent(); chunk = session.read()) {
        text.append(StandardCharsets.UTF_8.decode(chunk.get().bytes()));
      }
      return text.toString().strip();
    }

    void save(Path directory) {
      sandbox.ability(Savable.class).orElseThrow().save(directory, Set.of(), () -> {}, true);
    }

    void startFrom(Path directory) {
      sandbox.ability(Savable.class).orElseThrow().startFrom(directory);
    }

    @Override
    public void close() {
      sandbox.delete();
    }
  }

  /** Two clones: both go on where the parent stood, as themselves; the parent goes on too. */
  static void twoClones() throws Exception {
    Path layer = ThinChecks.image(Files.createTempDirectory("image"));
    Path snapshot = Files.createTempDirectory("kept").resolve("snapshot");
    try (LabNetwork network = LabNetwork.make();
        Guest parent = new Guest("parent", layer, Optional.of(network.place(2)), SPEAKER)) {
      parent.sandbox.start();
      parent.lines(2);
      parent.tell("echo of-parent > /mark; cat /proc/sys/kernel/random/uuid | tr -d - > /etc/machine-id");
      NestedCheck.same("10.9.0.1 host-of-parent", parent.tell("cat /etc/hosts"));
      long before = System.nanoTime();
      parent.save(snapshot);
      System.out.printf("figure clones: saved in %d ms%n", millisSince(before));
      int last = parent.lines(3).keySet().stream().max(Integer::compare).orElseThrow();
      parent.tell("echo later > /later");
      try (Guest one = new Guest("one", layer, Optional.of(network.place(3)), SPEAKER);
          Guest two = new Guest("two", layer, Optional.of(network.place(4)), SPEAKER)) {
        start(one, snapshot);
        start(two, snapshot);
        int first = goesOn(one, network.place(3), last);
        goesOn(two, network.place(4), last);
        differ(parent, one, two, first);
        ownAddress(one, network.place(3));
        ownAddress(two, network.place(4));
        files(parent, one, two);
        network.requireUnheard(network.place(2), List.of(network.place(3), network.place(4)));
        parent.lines(parent.lines(1).size() + 2);
      }
    }
  }

  private static void start(Guest clone, Path snapshot) {
    long before = System.nanoTime();
    clone.startFrom(snapshot);
    System.out.printf("figure clones: %s goes on after %d ms%n", clone.name, millisSince(before));
  }

  /** From its second line on it was itself: the first may have been begun by the parent. */
  private static int goesOn(Guest clone, LabNetwork.Place place, int last) throws Exception {
    Map<Integer, List<String>> lines = clone.lines(4);
    int first = lines.keySet().iterator().next();
    if (first < 2 || first > last + 2) {
      throw new AssertionError(clone.name + " began at " + first + ", the parent was at " + last);
    }
    lines.forEach((number, line) -> {
      if (number > first && !(line.get(0).equals(clone.name) && line.get(1).equals(place.mac()))) {
        throw new AssertionError(clone.name + " with " + place.mac() + " said " + number + " " + line);
      }
    });
    return first;
  }

  private static void differ(Guest parent, Guest one, Guest two, int first) throws Exception {
    Map<Integer, List<String>> ofOne = one.lines(4);
    Map<Integer, List<String>> ofTwo = two.lines(4);
    Map<Integer, List<String>> ofParent = parent.lines(4);
    ofOne.forEach((number, line) -> {
      if (number > first) {
        different("random number " + number, line.get(2), random(ofTwo, number));
        different("random number " + number, line.get(2), random(ofParent, number));
      }
    });
    for (String what :
        List.of(
            "head -c 16 /dev/urandom | od -x",
            "cat /etc/machine-id",
            "cat /proc/sys/kernel/random/boot_id",
            "hostname",
            "cat /sys/class/net/eth0/address",
            "ip -4 addr show dev eth0",
            "ip -6 addr show dev eth0 scope global",
            "ip -6 addr show dev eth0 scope link")) {
      List<String> answers = List.of(parent.tell(what), one.tell(what), two.tell(what));
      if (answers.contains("")) {
        throw new AssertionError("nothing was said: " + what + ": " + answers);
      }
      System.out.println("clones: " + what + ": " + answers);
      different(what, answers.get(0), answers.get(1));
      different(what, answers.get(0), answers.get(2));
      different(what, answers.get(1), answers.get(2));
    }
    long now = System.currentTimeMillis() / 1000;
    long told = Long.parseLong(one.tell("date +%s"));
    if (Math.abs(now - told) > 5) {
      throw new AssertionError("the clone's clock says " + told + ", it is " + now);
    }
    for (Guest clone : List.of(one, two)) {
      if (!clone.tell("ping -c 1 -W 10 10.9.0.1").contains("1 packets received")) {
        throw new AssertionError(clone.name + " does not reach its network");
      }
      // The first may be lost: until nobody has objected to its address it says nothing.
      if (!clone.tell("ping6 -c 5 -W 10 fd00:9::1").contains(" bytes from ")) {
        throw new AssertionError(clone.name + " does not reach its network over IPv6");
      }
    }
  }

  /** Its network's IPv6 address and no other: not one of its parent's. */
  private static void ownAddress(Guest clone, LabNetwork.Place place) throws Exception {
    String told = clone.tell("ip -6 addr show dev eth0 scope global");
    if (!told.contains(place.ipv6() + "/64") || told.split("inet6", -1).length != 2) {
      throw new AssertionError(clone.name + " with " + place.ipv6() + " has " + told);
    }
  }

  private static String random(Map<Integer, List<String>> lines, int number) {
    return lines.containsKey(number) ? lines.get(number).get(2) : "none";
  }

  private static void different(String what, String a, String b) {
    if (a.equals(b)) {
      throw new AssertionError("both have the same: " + what + ": " + a);
    }
  }

  private static void files(Guest parent, Guest one, Guest two) throws Exception {
    one.tell("echo of-one > /own; echo more >> /mark");
    NestedCheck.same("of-parent\nmore", one.tell("cat /mark"));
    NestedCheck.same("of-parent", two.tell("cat /mark"));
    NestedCheck.same("of-parent", parent.tell("cat /mark"));
    NestedCheck.same("none", two.tell("cat /own 2>/dev/null || echo none"));
    NestedCheck.same("none", one.tell("cat /later 2>/dev/null || echo none"));
    NestedCheck.same("10.9.0.1 host-of-one", one.tell("cat /etc/hosts"));
    NestedCheck.same("10.9.0.1 host-of-two", two.tell("cat /etc/hosts"));
  }

  /** Many clones share what none of them wrote. */
  static void crowd() throws Exception {
    Path layer = ThinChecks.image(Files.createTempDirectory("image"));
    Path snapshot = Files.createTempDirectory("kept").resolve("snapshot");
    // Nothing that begins a process every second: a dozen of those keep the emulation busy.
    String asleep = "exec sleep 100000";
    try (Guest parent = new Guest("parent", layer, Optional.empty(), asleep)) {
      parent.sandbox.start();
      parent.save(snapshot);
    }
    List<Guest> clones = new ArrayList<>();
    try {
      for (int i = 0; i < CROWD; i++) {
        var clone = new Guest("clone" + i, layer, Optional.empty(), asleep);
        clones.add(clone);
        start(clone, snapshot);
      }
      for (Guest clone : clones) {
        NestedCheck.same(clone.name, clone.tell("hostname"));
      }
      long resident = memory(snapshot, "Rss:");
      long proportional = memory(snapshot, "Pss:");
      System.out.printf(
          "figure crowd: %d clones, %d MiB resident in sum, %d MiB of proportional set, %d MiB written%n",
          CROWD, resident >> 10, proportional >> 10, memory(snapshot, "Private_Dirty:") >> 10);
      if (proportional > resident / 2) {
        throw new AssertionError("they share too little");
      }
      System.out.printf(
          "figure crowd: %d ms of CPU in 5 s of all asleep, %d ms while one begins a process a second%n",
          spent(() -> Thread.sleep(5000)),
          spent(() -> clones.getFirst().tell("for i in 1 2 3 4 5; do sleep 1; done")));
    } finally {
      clones.forEach(Guest::close);
    }
  }

  /** Work to be measured. */
  @FunctionalInterface
  private interface Work {
    void run() throws Exception;
  }

  /** Milliseconds of processor time, of all machines together. */
  private static long spent(Work work) throws Exception {
    ProcessHandle us = ProcessHandle.current();
    long before = us.info().totalCpuDuration().orElseThrow().toMillis();
    work.run();
    return us.info().totalCpuDuration().orElseThrow().toMillis() - before;
  }

  /** KiB of all mappings of the snapshot's memory. */
  private static long memory(Path snapshot, String kind) throws IOException {
    long sum = 0;
    boolean ours = false;
    for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
      if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
        ours = line.endsWith(snapshot + "/machine/memory");
      } else if (ours && line.startsWith(kind)) {
        sum += Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    return sum;
  }

  private static long millisSince(long start) {
    return (System.nanoTime() - start) / 1_000_000;
  }
}
