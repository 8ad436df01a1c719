/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.net;

import dev.caisson.linux.Fd;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Requests to the routing part of the kernel, collected to be sent together. rtnetlink(7)
 *
 * <p>Building one needs no rights and no socket; {@link RouteSocket#execute} sends it.
 */
public final class RouteBatch {
  private static final int NLM_F_REQUEST_ACK = 1 | 4;
  private static final int NLM_F_REPLACE = 0x100;
  private static final int NLM_F_EXCL = 0x200;
  private static final int NLM_F_CREATE = 0x400;
  private static final int RTM_NEWLINK = 16;
  private static final int RTM_DELLINK = 17;
  private static final int RTM_NEWADDR = 20;
  private static final int RTM_DELADDR = 21;
  private static final int RTM_NEWROUTE = 24;
  private static final int RTM_DELROUTE = 25;
  private static final int RTM_NEWNEIGH = 28;
  private static final int NUD_PERMANENT = 0x80;
  private static final int TABLE_MAIN = 254;
  private static final int PROTOCOL_STATIC = 4;
  private static final int SCOPE_UNIVERSE = 0;
  private static final int SCOPE_LINK = 253;
  private static final int UNICAST = 1;
  private static final int RTNH_F_ONLINK = 4;
  private static final int SEQUENCE = 8; // where it stands in struct nlmsghdr
  private static final int IFA_F_NODAD = 0x02;

  /** One request: its bytes, and how to name it when the kernel refuses. */
  @SuppressWarnings("ArrayRecordComponent") // written once here, read once by the socket
  record Request(String call, String subject, byte[] bytes, int sequence) {}

  private final List<Request> requests = new ArrayList<>();

  public RouteBatch() {}

  List<Request> requests() {
    return requests;
  }

  /** All requests as the kernel takes them, for a kernel that is not this one. */
  public byte[] toBytes() {
    return joined(requests);
  }

  static byte[] joined(List<Request> requests) {
    int size = requests.stream().mapToInt(request -> request.bytes().length).sum();
    ByteBuffer all = ByteBuffer.allocate(size);
    requests.forEach(request -> all.put(request.bytes()));
    return all.array();
  }

  /** Adds the requests of another batch behind these. */
  public RouteBatch append(RouteBatch other) {
    for (Request request : other.requests) {
      byte[] bytes = request.bytes().clone();
      int sequence = requests.size() + 1;
      ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).putInt(SEQUENCE, sequence);
      requests.add(new Request(request.call(), request.subject(), bytes, sequence));
    }
    return this;
  }

  /**
   * Creates two connected interfaces, the second one directly in another network namespace.
   *
   * @param peerNamespace where {@code peer} appears; empty for the same namespace
   */
  public RouteBatch createVeth(LinkSettings link, LinkSettings peer, Optional<Fd> peerNamespace) {
    return create(
        "veth",
        link,
        data ->
            data.nested(
                LinkAttribute.VETH_PEER,
                inner -> {
                  LinkAttribute.header(inner, 0, peer);
                  peer.write(inner);
                  peerNamespace.ifPresent(
                      fd -> inner.attribute(LinkAttribute.NAMESPACE_FD, fd.number()));
                }));
  }

  /** Creates a bridge; without ports it is a quiet interface that can hold addresses. */
  public RouteBatch createBridge(LinkSettings link) {
    return create("bridge", link, data -> {});
  }

  /** Changes what {@code settings} names; the interface is found by index. */
  public RouteBatch changeLink(int index, LinkSettings settings) {
    MessageWriter writer = begin(RTM_NEWLINK, 0);
    LinkAttribute.header(writer, index, settings);
    settings.write(writer);
    return add("RTM_NEWLINK", "interface " + index, writer);
  }

  /** As {@link #changeLink(int, LinkSettings)}, found by its name. */
  public RouteBatch changeLink(String name, LinkSettings settings) {
    MessageWriter writer = begin(RTM_NEWLINK, 0);
    LinkAttribute.header(writer, 0, settings);
    writer.attribute(LinkAttribute.NAME, LinkSettings.checkedName(name));
    settings.withoutName().write(writer);
    return add("RTM_NEWLINK", name, writer);
  }

  /** Removes an interface, and the other end of a pair; ENODEV if there is none. */
  public RouteBatch deleteLink(int index) {
    MessageWriter writer = begin(RTM_DELLINK, 0);
    LinkAttribute.header(writer, index, LinkSettings.none());
    return add("RTM_DELLINK", "interface " + index, writer);
  }

  /** As {@link #deleteLink(int)}, found by its name. */
  public RouteBatch deleteLink(String name) {
    MessageWriter writer = begin(RTM_DELLINK, 0);
    LinkAttribute.header(writer, 0, LinkSettings.none());
    writer.attribute(LinkAttribute.NAME, LinkSettings.checkedName(name));
    return add("RTM_DELLINK", name, writer);
  }

  /** Gives an interface an address, without waiting for duplicate detection (IPv6). */
  public RouteBatch addAddress(int index, InetAddress address, int prefixLength) {
    return address(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, index, address, prefixLength);
  }

  /** Takes an address from an interface; EADDRNOTAVAIL if it has not got it. */
  public RouteBatch deleteAddress(int index, InetAddress address, int prefixLength) {
    return address(RTM_DELADDR, 0, index, address, prefixLength);
  }

  /** Adds a route, or replaces the one to the same destination. */
  public RouteBatch putRoute(Route route) {
    return route(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, route);
  }

  /** Removes a route; ESRCH if there is none. */
  public RouteBatch deleteRoute(Route route) {
    return route(RTM_DELROUTE, 0, route);
  }

  /** Fixes which hardware address answers for {@code address} on an interface. */
  public RouteBatch putNeighbour(int index, InetAddress address, MacAddress mac) {
    MessageWriter writer = begin(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
    neighbour(writer, index, address).attribute(2, mac.toBytes());
    return add("RTM_NEWNEIGH", address.getHostAddress(), writer);
  }

  private RouteBatch create(String kind, LinkSettings link, Consumer<MessageWriter> data) {
    MessageWriter writer = begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    LinkAttribute.header(writer, 0, link);
    link.write(writer);
    writer.nested(
        LinkAttribute.INFO,
        info ->
            info.attribute(LinkAttribute.INFO_KIND, kind).nested(LinkAttribute.INFO_DATA, data));
    return add("RTM_NEWLINK", kind + " " + link.name().orElse(""), writer);
  }

  private RouteBatch address(
      int type, int flags, int index, InetAddress address, int prefixLength) {
    byte[] bytes = address.getAddress();
    MessageWriter writer = begin(type, flags);
    // struct ifaddrmsg: family, prefix length, flags, scope, interface
    writer.int8(family(bytes)).int8(prefixLength).int8(bytes.length == 16 ? IFA_F_NODAD : 0);
    writer.int8(address.isLinkLocalAddress() ? SCOPE_LINK : SCOPE_UNIVERSE).int32(index);
    writer.attribute(1, bytes).attribute(2, bytes); // IFA_ADDRESS, IFA_LOCAL
    String call = type == RTM_NEWADDR ? "RTM_NEWADDR" : "RTM_DELADDR";
    return add(call, address.getHostAddress() + "/" + prefixLength, writer);
  }

  private RouteBatch route(int type, int flags, Route route) {
    byte[] destination = route.destination().getAddress();
    boolean onLink = route.gateway().isEmpty();
    MessageWriter writer = begin(type, flags);
    // struct rtmsg: family, dst_len, src_len, tos, table, protocol, scope, type, flags
    writer.int8(family(destination)).int8(route.prefixLength()).int8(0).int8(0);
    writer.int8(TABLE_MAIN).int8(PROTOCOL_STATIC);
    writer.int8(onLink && destination.length == 4 ? SCOPE_LINK : SCOPE_UNIVERSE).int8(UNICAST);
    writer.int32(onLink ? 0 : RTNH_F_ONLINK);
    if (route.prefixLength() > 0) {
      writer.attribute(1, destination); // RTA_DST
    }
    writer.attribute(4, route.index()); // RTA_OIF
    route.gateway().ifPresent(gateway -> writer.attribute(5, gateway.getAddress()));
    route.source().ifPresent(source -> writer.attribute(7, source.getAddress())); // RTA_PREFSRC
    String call = type == RTM_NEWROUTE ? "RTM_NEWROUTE" : "RTM_DELROUTE";
    return add(call, route.toString(), writer);
  }

  private static MessageWriter neighbour(MessageWriter writer, int index, InetAddress address) {
    byte[] bytes = address.getAddress();
    // struct ndmsg: family, padding, interface, state, flags, type
    writer.int8(family(bytes)).int8(0).int16(0).int32(index);
    writer.int16(NUD_PERMANENT).int8(0).int8(0);
    return writer.attribute(1, bytes); // NDA_DST
  }

  private MessageWriter begin(int type, int flags) {
    return new MessageWriter().begin(type, NLM_F_REQUEST_ACK | flags, requests.size() + 1);
  }

  private RouteBatch add(String call, String subject, MessageWriter writer) {
    requests.add(new Request(call, subject, writer.end().toBytes(), requests.size() + 1));
    return this;
  }

  private static int family(byte[] address) {
    return address.length == 4 ? 2 : 10; // AF_INET, AF_INET6
  }
}
