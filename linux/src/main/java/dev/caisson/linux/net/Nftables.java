/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.net;

import dev.caisson.linux.Errno;
import dev.caisson.linux.LinuxException;
import java.util.Optional;

/** Whether the kernel below has nf_tables. */
public final class Nftables {
  private static final int GET_GENERATION = NetlinkSocket.NFTABLES << 8 | 16; // NFT_MSG_GETGEN
  private static final int REQUEST = 1; // NLM_F_REQUEST

  private Nftables() {}

  /**
   * Why the kernel takes no rules in the calling thread's network namespace: EPROTONOSUPPORT
   * without netfilter's netlink, EINVAL without nf_tables, EPERM without rights; empty if it takes
   * them. A kernel that has them as a module loads it for this. linux/netfilter/nf_tables.h
   */
  public static Optional<Errno> refusal() {
    try (NetlinkSocket socket = NetlinkSocket.open(NetlinkSocket.NETFILTER)) {
      MessageWriter writer = new MessageWriter().begin(GET_GENERATION, REQUEST, 1);
      // struct nfgenmsg: family, version, resource
      socket.send(writer.int8(0).int8(0).int16(0).end().toBytes());
      Message answer = socket.receive().getFirst();
      return answer.type() == Message.ERROR
          ? Optional.of(Errno.of(-answer.fixedPart(4).getInt(0)))
          : Optional.empty();
    } catch (LinuxException e) {
      return Optional.of(e.errno());
    }
  }
}
