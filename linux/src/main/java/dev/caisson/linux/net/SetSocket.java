/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.net;

import dev.caisson.linux.Errno;
import dev.caisson.linux.LinuxException;
import java.util.List;
import java.util.Optional;

/**
 * Adds elements to nftables sets of one table in family inet, and takes them away, in the network
 * namespace it was opened in. Each call is one transaction; its cost does not depend on how much
 * the sets hold, as it does for nft, which looks at the ruleset first.
 */
public final class SetSocket implements AutoCloseable {
  private static final int BATCH_BEGIN = 0x10; // NFNL_MSG_BATCH_BEGIN
  private static final int BATCH_END = 0x11;
  private static final int NEW_ELEMENT = NetlinkSocket.NFTABLES << 8 | 12; // NFT_MSG_NEWSETELEM
  private static final int DELETE_ELEMENT = NetlinkSocket.NFTABLES << 8 | 14;
  private static final int FAMILY_INET = 1; // NFPROTO_INET
  private static final int REQUEST = 1; // NLM_F_REQUEST
  private static final int ACKNOWLEDGE = 4;
  private static final int CREATE = 0x400;
  private static final int LIST_TABLE = 1; // NFTA_SET_ELEM_LIST_TABLE
  private static final int LIST_SET = 2;
  private static final int LIST_ELEMENTS = 3;
  private static final int LIST_ELEMENT = 1; // NFTA_LIST_ELEM
  private static final int ELEMENT_KEY = 1; // NFTA_SET_ELEM_KEY
  private static final int ELEMENT_DATA = 2;
  private static final int VALUE = 1; // NFTA_DATA_VALUE

  private final NetlinkSocket socket;
  private final String table;
  private int sequence = 1;

  private SetSocket(NetlinkSocket socket, String table) {
    this.socket = socket;
    this.table = table;
  }

  public static SetSocket open(String table) {
    return new SetSocket(NetlinkSocket.open(NetlinkSocket.NETFILTER), table);
  }

  /**
   * Adds elements; one that is there already, equal, stays.
   *
   * @throws LinuxException and nothing is added: EEXIST if a map leads elsewhere from a key, ENOENT
   *     without the table or a set
   */
  public void add(List<SetElement> elements) {
    execute(NEW_ELEMENT, REQUEST | CREATE, elements);
  }

  /**
   * Takes elements away.
   *
   * @throws LinuxException and all stay: ENOENT if one is not there
   */
  public void remove(List<SetElement> elements) {
    execute(DELETE_ELEMENT, REQUEST, elements);
  }

  private synchronized void execute(int type, int flags, List<SetElement> elements) {
    if (elements.isEmpty()) {
      return;
    }
    MessageWriter writer = new MessageWriter();
    frame(writer, BATCH_BEGIN);
    for (int i = 0; i < elements.size(); i++) {
      boolean last = i == elements.size() - 1;
      element(writer, type, last ? flags | ACKNOWLEDGE : flags, elements.get(i));
    }
    int awaited = sequence;
    frame(writer, BATCH_END);
    socket.send(writer.toBytes());
    refusal(awaited)
        .ifPresent(errno -> {
          throw new LinuxException("nf_tables", table + " " + elements.getFirst().set(), errno);
        });
  }

  private void frame(MessageWriter writer, int type) {
    // struct nfgenmsg: family, version, and the subsystem in network byte order
    writer
        .begin(type, REQUEST, ++sequence)
        .int8(0)
        .int8(0)
        .int8(0)
        .int8(NetlinkSocket.NFTABLES)
        .end();
  }

  private void element(MessageWriter writer, int type, int flags, SetElement element) {
    writer.begin(type, flags, ++sequence).int8(FAMILY_INET).int8(0).int16(0);
    writer.attribute(LIST_TABLE, table).attribute(LIST_SET, element.set());
    writer.nested(
        LIST_ELEMENTS,
        list ->
            list.nested(
                LIST_ELEMENT,
                entry -> {
                  entry.nested(ELEMENT_KEY, key -> key.attribute(VALUE, element.key()));
                  element
                      .data()
                      .ifPresent(data ->
                          entry.nested(ELEMENT_DATA, value -> value.attribute(VALUE, data)));
                }));
    writer.end();
  }

  /** Errors come for any message of the batch, in their order; the last one is answered always. */
  private Optional<Errno> refusal(int last) {
    Optional<Errno> first = Optional.empty();
    while (true) {
      for (Message message : socket.receive()) {
        if (message.type() != Message.ERROR) {
          continue;
        }
        int error = -message.fixedPart(4).getInt(0);
        if (error != 0 && first.isEmpty()) {
          first = Optional.of(Errno.of(error));
        }
        if (message.sequence() >= last) {
          return first;
        }
      }
    }
  }

  @Override
  public void close() {
    socket.close();
  }
}
