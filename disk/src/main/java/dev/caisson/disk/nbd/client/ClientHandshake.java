/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.client;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.nbd.link.Inbox;
import dev.caisson.disk.nbd.link.Link;
import dev.caisson.disk.nbd.protocol.Flags;
import dev.caisson.disk.nbd.protocol.Magic;
import dev.caisson.disk.nbd.protocol.MetaContext;
import dev.caisson.disk.nbd.protocol.Option;
import dev.caisson.disk.nbd.protocol.OptionReply;
import dev.caisson.disk.nbd.protocol.ProtocolException;
import dev.caisson.disk.nbd.protocol.ReplyStyle;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;

/**
 * The client's half of the handshake. The server may be anybody's: what it says is bounded, and
 * checked before it is believed.
 */
public final class ClientHandshake {
  /** An answer longer than this is no honest one; the longest hold a text of 4 KiB. */
  private static final int MOST_BYTES = 64 << 10;

  /** Answers to one option; more would only keep the client busy. */
  private static final int MOST_REPLIES = 1000;

  /** Cutting requests into smaller pieces than a page would cost more memory than their data. */
  private static final int LEAST_PAYLOAD = 4096;

  private static final int DEFAULT_PAYLOAD = 32 << 20;

  private final NbdUri uri;
  private Link link;
  private Inbox inbox;
  private boolean zeroes;
  private ReplyStyle style = ReplyStyle.SIMPLE;
  private OptionalInt allocation = OptionalInt.empty();
  private long size = -1;
  private int flags;
  private int smallestBlock = 1;
  private int largestPayload = DEFAULT_PAYLOAD;

  public ClientHandshake(NbdUri uri, Link link) {
    this.uri = uri;
    this.link = link;
    this.inbox = new Inbox(link, MOST_BYTES);
  }

  Link link() {
    return link;
  }

  public Inbox inbox() {
    return inbox;
  }

  /** Starts TLS on a plain link; the caller knows the certificates. */
  public interface TlsStarter {
    Link start(Link plain) throws IOException;
  }

  /** Agrees with the server on everything. */
  public RemoteExport run(TlsStarter tls) throws IOException {
    var hello = inbox.need(18);
    if (hello.getLong() != Magic.SERVER || hello.getLong() != Magic.OPTION) {
      throw new ProtocolException("this is no newstyle NBD server");
    }
    int serverFlags = Short.toUnsignedInt(hello.getShort());
    if ((serverFlags & Flags.Handshake.FIXED_NEWSTYLE) == 0) {
      throw new ProtocolException("the server does not know the fixed newstyle");
    }
    int common = serverFlags & Flags.Handshake.ALL;
    zeroes = (common & Flags.Handshake.NO_ZEROES) == 0;
    link.write(ByteBuffer.allocate(4).putInt(common).flip());
    if (uri.tls()) {
      startTls(tls);
    }
    if (ask(Option.EXTENDED_HEADERS, nothing(), IGNORE)) {
      style = ReplyStyle.EXTENDED;
    } else if (ask(Option.STRUCTURED_REPLY, nothing(), IGNORE)) {
      style = ReplyStyle.STRUCTURED;
    }
    if (style.chunked()) {
      boolean known = ask(Option.SET_META_CONTEXT, allocationQuery(), this::context);
      allocation = known ? allocation : OptionalInt.empty();
    }
    if (!ask(Option.GO, goData(), this::information)) {
      oldGo();
    }
    return checked();
  }

  private void startTls(TlsStarter tls) throws IOException {
    if (!ask(Option.STARTTLS, nothing(), IGNORE)) {
      throw new DiskException(
          DiskException.Kind.REFUSED, uri + ": the server does not encrypt; use nbd, not nbds");
    }
    if (inbox.has(1)) {
      throw new ProtocolException("plain bytes after STARTTLS");
    }
    link = tls.start(link);
    inbox = new Inbox(link, MOST_BYTES);
  }

  /** For servers from before GO: no error can be told, and sizes have their defaults. */
  private void oldGo() throws IOException {
    byte[] name = uri.export().getBytes(StandardCharsets.UTF_8);
    send(Option.EXPORT_NAME, ByteBuffer.allocate(name.length).put(name));
    var answer = inbox.need(10);
    size = answer.getLong();
    flags = Short.toUnsignedInt(answer.getShort());
    if (zeroes) {
      inbox.skip(124);
    }
  }

  private RemoteExport checked() throws ProtocolException {
    if (size < 0) {
      throw new ProtocolException("the export's size was not told, or is beyond 2^63");
    }
    if ((flags & Flags.Transmission.HAS_FLAGS) == 0) {
      throw new ProtocolException("the export has no flags");
    }
    if (Integer.bitCount(smallestBlock) != 1 || smallestBlock < 1 || smallestBlock > 1 << 16) {
      throw new ProtocolException("a smallest block of " + Integer.toUnsignedString(smallestBlock));
    }
    if (largestPayload < Math.max(smallestBlock, LEAST_PAYLOAD)) {
      throw new ProtocolException(
          "a largest payload of " + Integer.toUnsignedString(largestPayload));
    }
    return new RemoteExport(
        size, flags, style, smallestBlock, largestPayload & -smallestBlock, allocation);
  }

  /** What to do with an answer that is not the last. */
  private interface Answer {
    void take(int type, ByteBuffer data) throws IOException;
  }

  private static final Answer IGNORE = (type, data) -> {};

  /**
   * Sends an option and takes every answer to it.
   *
   * @return false if the server does not know or want the option
   */
  private boolean ask(Option option, ByteBuffer data, Answer answers) throws IOException {
    send(option, data);
    for (int i = 0; i < MOST_REPLIES; i++) {
      var header = inbox.need(20);
      if (header.getLong() != Magic.OPTION_REPLY || header.getInt() != option.number()) {
        throw new ProtocolException("an answer to something that was not asked");
      }
      int type = header.getInt();
      long length = Integer.toUnsignedLong(header.getInt());
      if (length > MOST_BYTES) {
        throw new ProtocolException("an answer of " + length + " bytes");
      }
      var bytes = inbox.need((int) length);
      var body = bytes.slice(bytes.position(), (int) length);
      bytes.position(bytes.position() + (int) length);
      if (type == OptionReply.ACK) {
        return true;
      }
      if ((type & OptionReply.ERROR) != 0) {
        return refused(option, type, body);
      }
      answers.take(type, body);
    }
    throw new ProtocolException("more than " + MOST_REPLIES + " answers to one option");
  }

  /** Errors of GO that are final end here; all others mean: do without this option. */
  private boolean refused(Option option, int type, ByteBuffer body) {
    String reason = text(body);
    if (type == OptionReply.ERR_TLS_REQD) {
      throw new DiskException(
          DiskException.Kind.REFUSED, uri + ": the server wants TLS; use nbds in place of nbd");
    }
    if (option == Option.GO && type != OptionReply.ERR_UNSUP) {
      var kind =
          type == OptionReply.ERR_UNKNOWN ? DiskException.Kind.MISSING : DiskException.Kind.REFUSED;
      String told = reason.isEmpty() ? "error 0x" + Integer.toHexString(type) : reason;
      throw new DiskException(kind, uri + ": the server refuses the export: " + told);
    }
    return false;
  }

  private void context(int type, ByteBuffer data) throws IOException {
    if (type != OptionReply.META_CONTEXT || data.remaining() < 4) {
      throw new ProtocolException("no metadata context where one was due");
    }
    int id = data.getInt();
    if (text(data).equals(MetaContext.Allocation.NAME)) {
      allocation = OptionalInt.of(id);
    }
  }

  private void information(int type, ByteBuffer data) throws IOException {
    if (type != OptionReply.INFO || data.remaining() < 2) {
      throw new ProtocolException("no information where some was due");
    }
    int kind = Short.toUnsignedInt(data.getShort());
    if (kind == OptionReply.INFO_EXPORT && data.remaining() == 10) {
      size = data.getLong();
      flags = Short.toUnsignedInt(data.getShort());
    } else if (kind == OptionReply.INFO_BLOCK_SIZE && data.remaining() == 12) {
      smallestBlock = data.getInt();
      data.getInt();
      int largest = data.getInt();
      // Unsigned, and "no limit" is all ones: our own limit is lower than either.
      largestPayload = largest < 0 ? DEFAULT_PAYLOAD : Math.min(largest, DEFAULT_PAYLOAD);
    } else if (kind == OptionReply.INFO_EXPORT || kind == OptionReply.INFO_BLOCK_SIZE) {
      throw new ProtocolException("information of a wrong length");
    }
  }

  private ByteBuffer allocationQuery() {
    byte[] name = uri.export().getBytes(StandardCharsets.UTF_8);
    byte[] query = MetaContext.Allocation.NAME.getBytes(StandardCharsets.UTF_8);
    var data = ByteBuffer.allocate(12 + name.length + query.length);
    return data.putInt(name.length).put(name).putInt(1).putInt(query.length).put(query);
  }

  private ByteBuffer goData() {
    byte[] name = uri.export().getBytes(StandardCharsets.UTF_8);
    var data = ByteBuffer.allocate(8 + name.length);
    data.putInt(name.length).put(name).putShort((short) 1);
    return data.putShort((short) OptionReply.INFO_BLOCK_SIZE);
  }

  private static ByteBuffer nothing() {
    return ByteBuffer.allocate(0);
  }

  /** Sends what was put into {@code data}. */
  private void send(Option option, ByteBuffer data) throws IOException {
    var message = ByteBuffer.allocate(16 + data.position());
    message.putLong(Magic.OPTION).putInt(option.number()).putInt(data.position());
    link.write(message.put(data.flip()).flip());
  }

  /** A server's text as it can be shown: one line without control characters. */
  static String text(ByteBuffer bytes) {
    return StandardCharsets.UTF_8.decode(bytes).toString().replaceAll("\\p{Cntrl}", "?");
  }
}
