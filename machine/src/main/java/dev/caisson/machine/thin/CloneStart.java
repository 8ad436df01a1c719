/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.linux.net.RouteBatch;
import dev.caisson.machine.engine.MachineSpec;
import dev.caisson.machine.engine.RunningMachine;
import dev.caisson.machine.guest.GuestChannel;
import dev.caisson.machine.guest.GuestProcess;
import dev.caisson.machine.network.GuestNetwork;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.workload.NetworkAttachment;
import dev.caisson.sandbox.workload.Workload;
import dev.caisson.virtio.fs.FileSystemDevice;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Brings a saved machine to life as somebody else: while the workload is still held, its guest gets
 * the present time, random numbers nobody else has, and the addresses and names of this workload.
 * Its network is connected only then.
 */
final class CloneStart {
  private static final int ENTROPY = 64;
  private static final String NOT_TAKEN = "the guest did not become itself";

  private final Workload workload;
  private final Place place;
  private final SharedFiles shared;
  private final SavedGuest saved;
  private final Optional<GuestNetwork> network;

  /**
   * Takes the network of the workload over.
   *
   * @param saved of the machine it starts from, checked
   */
  CloneStart(Workload workload, Place place, SharedFiles shared, SavedGuest saved) {
    this.workload = workload;
    this.place = place;
    this.shared = shared;
    this.saved = saved;
    this.network = network(workload);
  }

  /**
   * @throws SandboxException as {@link dev.caisson.sandbox.ability.Savable#startFrom}; nothing is
   *     left then
   */
  ThinRun start(MachineParts parts, Broadcast output, SavedMachine from) {
    try {
      List<String> renewed = MachineId.renew(shared.root());
      requireInterfaces();
      RunningMachine machine = restored(parts, from);
      try {
        return begin(machine, output, renewed);
      } catch (RuntimeException e) {
        machine.close();
        throw e;
      }
    } catch (RuntimeException e) {
      network.ifPresent(GuestNetwork::close);
      throw e;
    }
  }

  private static Optional<GuestNetwork> network(Workload workload) {
    return workload.network().mode() instanceof NetworkAttachment.Prepared prepared
        ? Optional.of(GuestNetwork.takeApart(prepared.namespace()))
        : Optional.empty();
  }

  private void requireInterfaces() {
    int present = network.map(GuestNetwork::size).orElse(0);
    if (present != saved.interfaces().size()) {
      throw SandboxException.invalid(
          "the snapshot",
          "its machine has %d network interfaces, %s would have %d; choose as many networks"
              .formatted(saved.interfaces().size(), workload.name(), present));
    }
  }

  private RunningMachine restored(MachineParts parts, SavedMachine from) {
    FileSystemDevice files = ThinRun.files(shared);
    try {
      MachineSpec spec =
          MachineParts.restored(workload, place, from.machine(), List.of(files), network);
      return parts.engine(workload).restore(spec, from.machine());
    } catch (RuntimeException e) {
      files.close();
      throw e;
    }
  }

  private ThinRun begin(RunningMachine machine, Broadcast output, List<String> renewed) {
    var patience = new Patience(machine, place);
    var guest = GuestChannel.ofHeld(machine.control(), workload.id());
    GuestProcess first = processes(guest, output);
    output.follow(first);
    List<Integer> interfaces =
        saved.interfaces().stream().map(SavedGuest.Interface::index).toList();
    dropAddresses(guest, patience);
    List<CompletableFuture<byte[]>> orders = new ArrayList<>(List.of(clock(guest), entropy(guest)));
    network.ifPresent(given -> {
      orders.add(guest.network(given.renewal(interfaces).toBytes()));
      orders.add(guest.network(given.inGuest(interfaces).toBytes()));
    });
    orders.add(
        guest.identity(
            saved.process(),
            UUID.randomUUID().toString(),
            workload.hostname(),
            workload.domainname()));
    orders.forEach(order -> patience.await(order, Patience.ANSWER_SECONDS, NOT_TAKEN));
    network.ifPresent(GuestNetwork::join);
    patience.await(guest.goAsClone(anew(renewed)), Patience.ANSWER_SECONDS, NOT_TAKEN);
    var sessions = new AtomicInteger(saved.sessions());
    var running = new RunningGuest(guest, interfaces, first, saved.process(), sessions);
    return new ThinRun(workload, shared, machine, network, running);
  }

  /** The first goes on with this output; nobody listens to those that were entered beside it. */
  private GuestProcess processes(GuestChannel guest, Broadcast output) {
    saved
        .credits()
        .forEach((session, credit) -> {
          if (session != SavedGuest.FIRST_SESSION) {
            var unheard = new Unheard();
            unheard.source.set(guest.running(session, 0, credit, unheard));
          }
        });
    int credit = saved.credits().getOrDefault(SavedGuest.FIRST_SESSION, 0);
    return guest.running(SavedGuest.FIRST_SESSION, saved.process(), credit, output);
  }

  /** Takes output and forgets it. */
  private static final class Unheard implements GuestProcess.Receiver {
    private final AtomicReference<GuestProcess> source = new AtomicReference<>();

    @Override
    public void output(int stream, ByteBuffer bytes) {
      GuestProcess from = source.get();
      if (from != null) {
        from.taken(stream, bytes.remaining());
      }
    }

    @Override
    public void end(int stream) {}
  }

  private static CompletableFuture<byte[]> clock(GuestChannel guest) {
    Instant now = Instant.now();
    return guest.setClock(now.getEpochSecond(), now.getNano());
  }

  private static CompletableFuture<byte[]> entropy(GuestChannel guest) {
    byte[] random = new byte[ENTROPY];
    new SecureRandom().nextBytes(random);
    return guest.addEntropy(random);
  }

  /** Those of IPv6 go by themselves; one the workload has taken away itself is no error. */
  private void dropAddresses(GuestChannel guest, Patience patience) {
    List<CompletableFuture<Boolean>> asked = new ArrayList<>();
    for (var one : saved.interfaces()) {
      for (String address : one.addresses()) {
        if (!address.contains(":")) {
          asked.add(
              guest
                  .network(removal(one.index(), address).toBytes())
                  .handle((answer, refused) -> refused == null));
        }
      }
    }
    asked.forEach(answer -> patience.await(answer, Patience.ANSWER_SECONDS, NOT_TAKEN));
  }

  private static RouteBatch removal(int index, String address) {
    int slash = address.indexOf('/');
    try {
      if (slash < 1 || !address.matches("[0-9.]+/[0-9]{1,2}")) {
        throw new UnknownHostException(address);
      }
      return new RouteBatch()
          .deleteAddress(
              index,
              InetAddress.ofLiteral(address.substring(0, slash)),
              Integer.parseInt(address, slash + 1, address.length(), 10));
    } catch (UnknownHostException | IllegalArgumentException e) {
      throw SandboxException.invalid("the snapshot", "\"" + address + "\" is no address");
    }
  }

  /** Paths of what is not as the guest remembers it. */
  private List<String> anew(List<String> renewed) {
    List<String> paths = new ArrayList<>();
    shared.names().files().values().forEach(name -> paths.add(GuestNames.EXPORTS + name));
    renewed.forEach(file -> paths.add(GuestNames.EXPORTS + GuestNames.ROOT + "/" + file));
    return paths;
  }
}
