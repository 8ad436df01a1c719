/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.launch.LaunchPlan;
import dev.caisson.launch.PlanEncoder;
import dev.caisson.launch.StepFailure;
import dev.caisson.linux.Errno;
import dev.caisson.machine.engine.MachineSpec;
import dev.caisson.machine.engine.RunningMachine;
import dev.caisson.machine.guest.GuestChannel;
import dev.caisson.machine.guest.GuestFailure;
import dev.caisson.machine.guest.GuestProcess;
import dev.caisson.machine.network.GuestNetwork;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.ability.Executable;
import dev.caisson.sandbox.user.Accounts;
import dev.caisson.sandbox.workload.NetworkAttachment;
import dev.caisson.sandbox.workload.Program.TerminalSize;
import dev.caisson.sandbox.workload.Workload;
import dev.caisson.virtio.fs.FileSystemDevice;
import dev.caisson.virtio.fs.FuseServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/** One run of a workload: its machine, the channel to it, and the first process in it. */
final class ThinRun implements AutoCloseable {
  /** Files a guest may know at once; each costs a descriptor. */
  private static final int MOST_FILES = 200_000;

  private static final int FILE_QUEUES = 1;
  private static final int BOOT_SECONDS = 120;
  private final Workload workload;
  private final SharedFiles shared;
  private final RunningMachine machine;
  private final Optional<GuestNetwork> network;
  private final RunningGuest guest;

  ThinRun(
      Workload workload,
      SharedFiles shared,
      RunningMachine machine,
      Optional<GuestNetwork> network,
      RunningGuest guest) {
    this.workload = workload;
    this.shared = shared;
    this.machine = machine;
    this.network = network;
    this.guest = guest;
  }

  /** Boots a machine and has it execute the workload; on failure nothing is left. */
  static ThinRun start(
      Workload workload, Place place, SharedFiles shared, MachineParts parts, Broadcast output) {
    Accounts users = shared.accounts();
    Optional<GuestNetwork> network = network(workload);
    RunningMachine machine;
    try {
      machine = boot(workload, place, shared, parts, network);
    } catch (RuntimeException e) {
      network.ifPresent(GuestNetwork::close);
      throw e;
    }
    var patience = new Patience(machine, place);
    try {
      var guest = new GuestChannel(machine.control(), workload.id());
      patience.awaitBoot(guest.ready(), BOOT_SECONDS, parts.kernels());
      List<Integer> interfaces =
          network.map(given -> configure(guest, given, patience)).orElse(List.of());
      new GuestGroup(guest).limit(workload.resources());
      var sessions = new AtomicInteger();
      LaunchPlan plan =
          GuestPlan.first(workload, shared.names(), users, sessions.incrementAndGet());
      var program = workload.process();
      GuestProcess first =
          guest.launch(
              PlanEncoder.encode(plan),
              sessions.get(),
              program.terminal(),
              program.stdin(),
              program.size(),
              output);
      output.follow(first);
      int pid = started(first, plan, workload.name(), patience);
      var running = new RunningGuest(guest, interfaces, first, pid, sessions);
      return new ThinRun(workload, shared, machine, network, running);
    } catch (RuntimeException e) {
      machine.close();
      network.ifPresent(GuestNetwork::close);
      throw e;
    }
  }

  /** The namespace to hand over. */
  private static Optional<GuestNetwork> network(Workload workload) {
    return switch (workload.network().mode()) {
      case NetworkAttachment.Isolated none -> Optional.empty();
      case NetworkAttachment.Prepared prepared ->
          Optional.of(GuestNetwork.take(prepared.namespace()));
      case NetworkAttachment.OfHost host ->
          throw new IllegalArgumentException("refused when it was created");
      case NetworkAttachment.OfSandbox other ->
          throw new IllegalArgumentException("refused when it was created");
    };
  }

  private static List<Integer> configure(
      GuestChannel guest, GuestNetwork network, Patience patience) {
    String what = "the guest did not take its network";
    List<CompletableFuture<byte[]>> asked =
        IntStream.range(0, network.size())
            .mapToObj(number -> guest.file("/sys/class/net/eth" + number + "/ifindex"))
            .toList();
    List<Integer> indexes = new ArrayList<>();
    for (var answer : asked) {
      String index = text(patience.await(answer, Patience.ANSWER_SECONDS, what));
      if (!index.matches("[1-9][0-9]{0,8}")) {
        throw patience.failure(what + ": it has no eth" + indexes.size(), null);
      }
      indexes.add(Integer.parseInt(index));
    }
    byte[] requests = network.inGuest(indexes).toBytes();
    patience.await(guest.network(requests), Patience.ANSWER_SECONDS, what);
    return indexes;
  }

  private static String text(byte[] answer) {
    return new String(answer, StandardCharsets.US_ASCII).strip();
  }

  private static RunningMachine boot(
      Workload workload,
      Place place,
      SharedFiles shared,
      MachineParts parts,
      Optional<GuestNetwork> network) {
    FileSystemDevice files = files(shared);
    try {
      MachineSpec spec = parts.spec(workload, place, List.of(files), network);
      return parts.engine(workload).start(spec);
    } catch (IOException e) {
      files.close();
      throw new SandboxException(
          SandboxException.Kind.FAILED, workload.id() + ": " + e.getMessage(), e);
    } catch (RuntimeException e) {
      files.close();
      throw e;
    }
  }

  /** What serves the exports to a guest. */
  static FileSystemDevice files(SharedFiles shared) {
    return new FileSystemDevice(
        "caisson", FILE_QUEUES, new FuseServer(shared.exports(), MOST_FILES));
  }

  private static int started(
      GuestProcess process, LaunchPlan plan, String name, Patience patience) {
    try {
      return patience.await(
          process.started(), Patience.ANSWER_SECONDS, "the workload did not start");
    } catch (GuestFailure failure) {
      throw StepFailure.of(name, plan, failure.step(), Errno.of(failure.errno()), failure.detail());
    }
  }

  RunningMachine machine() {
    return machine;
  }

  GuestChannel guest() {
    return guest.channel();
  }

  GuestGroup group() {
    return new GuestGroup(guest.channel());
  }

  /** False also when nobody can tell any more. */
  boolean ranOutOfMemory() {
    try {
      return !guest.channel().gone().isDone() && group().ranOutOfMemory();
    } catch (SandboxException e) {
      return false;
    }
  }

  /** What a snapshot has to know of the guest beside the machine; the guest is held. */
  SavedGuest saved() {
    List<List<String>> addresses = network.map(GuestNetwork::addresses).orElse(List.of());
    List<SavedGuest.Interface> saved = new ArrayList<>();
    for (int i = 0; i < guest.interfaces().size(); i++) {
      saved.add(new SavedGuest.Interface(guest.interfaces().get(i), addresses.get(i)));
    }
    return new SavedGuest(
        GuestChannel.VERSION,
        guest.firstPid(),
        guest.sessions().get(),
        guest.channel().inputCredits(),
        saved,
        HostProcessor.present());
  }

  GuestProcess first() {
    return guest.first();
  }

  SharedFiles shared() {
    return shared;
  }

  /** Starts a further process beside the first. */
  ExecSession exec(Executable.Command command, Place place) {
    int session = guest.sessions().incrementAndGet();
    LaunchPlan plan =
        GuestPlan.further(
            workload, shared.names(), shared.accounts(), command, guest.firstPid(), session);
    var streams = new ExecSession.Output();
    GuestProcess process =
        guest
            .channel()
            .launch(
                PlanEncoder.encode(plan),
                session,
                command.terminal(),
                command.stdin(),
                TerminalSize.UNKNOWN,
                streams);
    streams.follow(process);
    int pid = started(process, plan, "exec in " + workload.name(), new Patience(machine, place));
    return new ExecSession(streams, process, pid, command.terminal());
  }

  @Override
  public void close() {
    guest.channel().close();
    machine.close();
    network.ifPresent(GuestNetwork::close);
    shared.close();
  }
}
