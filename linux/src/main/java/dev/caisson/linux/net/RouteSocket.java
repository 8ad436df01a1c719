/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.net;

import dev.caisson.linux.Errno;
import dev.caisson.linux.LinuxException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Interfaces, addresses and routes of one network namespace: the one its thread was in when it was
 * opened, whatever thread uses it later. May be used by several threads.
 */
public final class RouteSocket implements AutoCloseable {
  private static final int RTM_NEWLINK = 16;
  private static final int RTM_GETLINK = 18;
  private static final int RTM_NEWADDR = 20;
  private static final int RTM_GETADDR = 22;
  private static final int RTM_NEWROUTE = 24;
  private static final int RTM_GETROUTE = 26;
  private static final int NLM_F_REQUEST = 1;
  private static final int NLM_F_DUMP = 0x300;
  private static final int NLMSGERR_ATTR_MSG = 1;
  private static final int MOST_AT_ONCE = 64; // so that all acknowledgements fit the socket's queue
  private static final int DUMP_TRIES = 200;

  /** Milliseconds between two tries, which grow to this. */
  private static final int LONGEST_PAUSE = 20;

  private final NetlinkSocket socket;
  private int dumps = 1 << 20;

  private RouteSocket(NetlinkSocket socket) {
    this.socket = socket;
  }

  /** To the kernel, about the network namespace the calling thread is in. rtnetlink(7) */
  public static RouteSocket open() {
    return new RouteSocket(NetlinkSocket.open(NetlinkSocket.ROUTE));
  }

  /**
   * Sends all requests. The kernel does each on its own: those before and after a refused one
   * stand.
   *
   * @throws LinuxException for the first one refused, with the kernel's words
   */
  public void execute(RouteBatch batch) {
    execute(batch, refusal -> false);
  }

  /** As {@link #execute(RouteBatch)}, passing over refusals that the caller expects. */
  public synchronized void execute(RouteBatch batch, Predicate<Errno> expected) {
    List<RouteBatch.Request> requests = batch.requests();
    Optional<LinuxException> first = Optional.empty();
    for (int from = 0; from < requests.size(); from += MOST_AT_ONCE) {
      var piece = requests.subList(from, Math.min(from + MOST_AT_ONCE, requests.size()));
      socket.send(RouteBatch.joined(piece));
      Optional<LinuxException> refused = acknowledgements(piece, expected);
      first = first.isPresent() ? first : refused;
    }
    if (first.isPresent()) {
      throw first.get();
    }
  }

  /** All interfaces. */
  public List<Link> links() {
    return dump(RTM_GETLINK, RTM_NEWLINK, LinkAttribute.HEADER, Link::parse);
  }

  /** The interface of this name, without listing all of them. */
  public synchronized Optional<Link> link(String name) {
    MessageWriter writer = new MessageWriter().begin(RTM_GETLINK, NLM_F_REQUEST, ++dumps);
    LinkAttribute.header(writer, 0, LinkSettings.none());
    writer.attribute(LinkAttribute.NAME, LinkSettings.checkedName(name));
    socket.send(writer.end().toBytes());
    while (true) {
      for (Message message : socket.receive()) {
        if (message.sequence() != dumps) {
          continue;
        }
        if (message.type() == RTM_NEWLINK) {
          return Optional.of(Link.parse(message));
        }
        Errno errno = error(message);
        if (errno == Errno.ENODEV) {
          return Optional.empty();
        }
        throw new LinuxException("RTM_GETLINK", name, errno);
      }
    }
  }

  /** The addresses of all interfaces. */
  public List<LinkAddress> addresses() {
    return dump(RTM_GETADDR, RTM_NEWADDR, 8, LinkAddress::parse);
  }

  /** Routes of the main table that leave by an interface. */
  public List<Route> routes() {
    return dump(RTM_GETROUTE, RTM_NEWROUTE, 12, RouteSocket::parseRoute).stream()
        .flatMap(Optional::stream)
        .toList();
  }

  @Override
  public void close() {
    socket.close();
  }

  private Optional<LinuxException> acknowledgements(
      List<RouteBatch.Request> requests, Predicate<Errno> expected) {
    Optional<LinuxException> first = Optional.empty();
    int offset = requests.getFirst().sequence();
    int open = requests.size();
    while (open > 0) {
      for (Message message : socket.receive()) {
        int position = message.sequence() - offset;
        if (message.type() != Message.ERROR || position < 0 || position >= requests.size()) {
          continue; // left over from a request that was given up
        }
        open--;
        Errno errno = error(message);
        if (message.body().getInt(0) != 0 && !expected.test(errno) && first.isEmpty()) {
          RouteBatch.Request request = requests.get(position);
          first =
              Optional.of(
                  new LinuxException(
                      request.call(), request.subject(), errno, words(message, errno)));
        }
      }
    }
    return first;
  }

  private <T> List<T> dump(int request, int answer, int header, Function<Message, T> parser) {
    for (int attempt = 1; ; attempt++) {
      Optional<List<T>> whole = dumpOnce(request, answer, header, parser);
      if (whole.isPresent()) {
        return whole.get();
      }
      if (attempt == DUMP_TRIES) {
        throw new LinuxException("netlink dump", request, Errno.EINTR);
      }
      // On a host where containers come and go all the time, the next moment may be a quiet one.
      LockSupport.parkNanos(Math.min(attempt, LONGEST_PAUSE) * 1_000_000L);
    }
  }

  /** Empty if something changed while the kernel was listing. */
  private synchronized <T> Optional<List<T>> dumpOnce(
      int request, int answer, int header, Function<Message, T> parser) {
    MessageWriter writer = new MessageWriter().begin(request, NLM_F_REQUEST | NLM_F_DUMP, ++dumps);
    for (int i = 0; i < header; i += 4) {
      writer.int32(0);
    }
    socket.send(writer.end().toBytes());
    List<T> found = new ArrayList<>();
    boolean interrupted = false;
    while (true) {
      for (Message message : socket.receive()) {
        if (message.sequence() != dumps) {
          continue;
        }
        interrupted |= (message.flags() & Message.FLAG_DUMP_INTERRUPTED) != 0;
        if (message.type() == Message.DONE) {
          return interrupted ? Optional.empty() : Optional.of(found);
        }
        if (message.type() == Message.ERROR) {
          throw new LinuxException("netlink dump", request, error(message));
        }
        if (message.type() == answer) {
          found.add(parser.apply(message));
        }
      }
    }
  }

  private static Optional<Route> parseRoute(Message message) {
    var fixed = message.fixedPart(12); // struct rtmsg
    Attributes attributes = message.attributes(12);
    boolean main = (fixed.get(4) & 0xff) == 254;
    int index = attributes.int32(4, 0);
    if (!main || index == 0) {
      return Optional.empty();
    }
    InetAddress any = InetAddress.ofLiteral(fixed.get(0) == 2 ? "0.0.0.0" : "::");
    return Optional.of(
        new Route(
            attributes.bytes(1).map(LinkAddress::address).orElse(any),
            fixed.get(1) & 0xff,
            index,
            attributes.bytes(5).map(LinkAddress::address),
            attributes.bytes(7).map(LinkAddress::address)));
  }

  private static Errno error(Message message) {
    return Errno.of(-message.fixedPart(4).getInt(0));
  }

  /** What NETLINK_EXT_ACK adds behind the error and the request's header. */
  private static String words(Message message, Errno errno) {
    int fixed = 4 + MessageWriter.HEADER;
    if (message.body().limit() <= fixed) {
      return errno.meaning();
    }
    return message.attributes(fixed).string(NLMSGERR_ATTR_MSG).orElse(errno.meaning());
  }
}
