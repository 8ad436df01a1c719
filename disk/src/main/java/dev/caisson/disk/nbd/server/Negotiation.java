/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.server;

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
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * The server's half of the handshake: fixed newstyle, options until the client chooses an export.
 * Bounded in every direction: {@link NbdLimits#OPTIONS}, {@link NbdLimits#OPTION_BYTES}, and a
 * clock that its caller keeps.
 */
public final class Negotiation {
  private static final int HEADER = 16;
  private static final int REPLY_HEADER = 20;
  private static final int PREFERRED_BLOCK = 4096;

  private final Collection<NbdExport> exports;
  private final Optional<NbdTls> tls;
  private final BooleanSupplier stopping;

  private Link link;
  private Inbox inbox;
  private boolean encrypted;
  private boolean zeroes = true;
  private ReplyStyle style = ReplyStyle.SIMPLE;
  private Optional<Contexts> chosen = Optional.empty();

  /** Contexts hold for the export they were chosen with only. */
  private record Contexts(String export, List<MetaContext> list) {}

  public Negotiation(
      Link link, Collection<NbdExport> exports, Optional<NbdTls> tls, BooleanSupplier stopping) {
    this.link = link;
    this.exports = exports;
    this.tls = tls;
    this.stopping = stopping;
    this.inbox = inbox(link);
  }

  private static Inbox inbox(Link link) {
    return new Inbox(link, HEADER + NbdLimits.OPTION_BYTES);
  }

  /** The link as it is now: encrypted, if the client asked for it. */
  Link link() {
    return link;
  }

  /** Holds what the client sent ahead. */
  public Inbox inbox() {
    return inbox;
  }

  /**
   * Talks until an export is chosen.
   *
   * @return empty if the client left politely
   */
  public Optional<Session> run() throws IOException {
    link.write(
        ByteBuffer.allocate(18)
            .putLong(Magic.SERVER)
            .putLong(Magic.OPTION)
            .putShort((short) Flags.Handshake.ALL)
            .flip());
    if (!inbox.await(4)) {
      return Optional.empty();
    }
    int clientFlags = inbox.buffer().getInt();
    if ((clientFlags & ~Flags.Handshake.ALL) != 0) {
      throw new ProtocolException("client flags 0x" + Integer.toHexString(clientFlags));
    }
    zeroes = (clientFlags & Flags.Handshake.NO_ZEROES) == 0;
    for (int i = 0; i < NbdLimits.OPTIONS; i++) {
      if (!inbox.await(HEADER)) {
        return Optional.empty();
      }
      var outcome = option();
      if (outcome.finished()) {
        return outcome.session();
      }
    }
    throw new ProtocolException("more than " + NbdLimits.OPTIONS + " options");
  }

  /** Whether talking goes on, and if not, with what. */
  private record Outcome(boolean finished, Optional<Session> session) {
    static final Outcome MORE = new Outcome(false, Optional.empty());
    static final Outcome LEFT = new Outcome(true, Optional.empty());

    static Outcome use(Session session) {
      return new Outcome(true, Optional.of(session));
    }
  }

  private Outcome option() throws IOException {
    var buffer = inbox.buffer();
    if (buffer.getLong() != Magic.OPTION) {
      throw new ProtocolException("option magic is wrong");
    }
    int number = buffer.getInt();
    long length = Integer.toUnsignedLong(buffer.getInt());
    if (length > NbdLimits.OPTION_BYTES) {
      reply(number, OptionReply.ERR_TOO_BIG, "options have at most 64 KiB");
      throw new ProtocolException("option with " + length + " bytes");
    }
    buffer = inbox.need((int) length);
    var bytes = buffer.slice(buffer.position(), (int) length);
    buffer.position(buffer.position() + (int) length);
    var option = Option.of(number);
    if (option.isEmpty()) {
      reply(number, OptionReply.ERR_UNSUP, "unknown option");
      return Outcome.MORE;
    }
    try {
      return option(option.get(), new OptionData(bytes));
    } catch (OptionData.Invalid invalid) {
      if (option.get() == Option.EXPORT_NAME) {
        throw new ProtocolException("export name: " + invalid.getMessage());
      }
      reply(number, OptionReply.ERR_INVALID, String.valueOf(invalid.getMessage()));
      return Outcome.MORE;
    }
  }

  private Outcome option(Option option, OptionData data) throws IOException, OptionData.Invalid {
    if (option == Option.ABORT) {
      acknowledge(option);
      return Outcome.LEFT;
    }
    if (stopping.getAsBoolean()) {
      return refuse(option, OptionReply.ERR_SHUTDOWN, "the server is shutting down");
    }
    boolean tlsFirst = tls.isPresent() && tls.get().required() && !encrypted;
    if (tlsFirst && option != Option.STARTTLS) {
      return refuse(option, OptionReply.ERR_TLS_REQD, "this server talks TLS only");
    }
    return switch (option) {
      case EXPORT_NAME -> exportName(data.name());
      case LIST -> list(data);
      case STARTTLS -> startTls(data);
      case INFO, GO -> inform(option, data.wanted());
      case STRUCTURED_REPLY -> structuredReply(data);
      case EXTENDED_HEADERS -> {
        data.end();
        style = ReplyStyle.EXTENDED;
        yield acknowledge(option);
      }
      case LIST_META_CONTEXT, SET_META_CONTEXT -> metaContext(option, data.queries());
      case ABORT -> throw new IllegalStateException("handled above");
    };
  }

  private Outcome exportName(String name) throws IOException {
    var export = find(name);
    if (export.isEmpty() || style == ReplyStyle.EXTENDED) {
      throw new ProtocolException("no export for this client: the only answer is to hang up");
    }
    var answer = ByteBuffer.allocate(10 + 124);
    answer.putLong(export.get().disk().size());
    answer.putShort((short) export.get().transmissionFlags(style));
    link.write(answer.limit(zeroes ? 134 : 10).position(0));
    return use(export.get());
  }

  private Outcome use(NbdExport export) {
    var contexts =
        chosen.filter(c -> c.export().equals(export.name())).map(Contexts::list).orElse(List.of());
    return Outcome.use(new Session(export, style, contexts));
  }

  private Outcome list(OptionData data) throws IOException, OptionData.Invalid {
    data.end();
    for (var export : exports) {
      byte[] name = bytes(export.name());
      byte[] description = bytes(export.description());
      var answer = ByteBuffer.allocate(4 + name.length + description.length);
      reply(Option.LIST, OptionReply.SERVER, answer.putInt(name.length).put(name).put(description));
    }
    return acknowledge(Option.LIST);
  }

  private Outcome startTls(OptionData data) throws IOException, OptionData.Invalid {
    data.end();
    if (encrypted) {
      throw new OptionData.Invalid("TLS is already on");
    }
    if (tls.isEmpty()) {
      return refuse(Option.STARTTLS, OptionReply.ERR_POLICY, "this server has no certificate");
    }
    if (inbox.has(1)) {
      // Bytes sent before the answer would otherwise count as encrypted: a classic injection.
      throw new ProtocolException("plain bytes after STARTTLS");
    }
    acknowledge(Option.STARTTLS);
    link = tls.get().accept(link);
    inbox = inbox(link);
    encrypted = true;
    style = ReplyStyle.SIMPLE;
    chosen = Optional.empty();
    return Outcome.MORE;
  }

  private Outcome structuredReply(OptionData data) throws IOException, OptionData.Invalid {
    data.end();
    if (style == ReplyStyle.EXTENDED) {
      return refuse(
          Option.STRUCTURED_REPLY, OptionReply.ERR_EXT_HEADER_REQD, "extended headers are on");
    }
    style = ReplyStyle.STRUCTURED;
    return acknowledge(Option.STRUCTURED_REPLY);
  }

  private Outcome inform(Option option, OptionData.Wanted wanted) throws IOException {
    var found = find(wanted.export());
    if (found.isEmpty()) {
      return refuse(option, OptionReply.ERR_UNKNOWN, "no export of this name");
    }
    var export = found.get();
    inform(
        option,
        OptionReply.INFO_EXPORT,
        ByteBuffer.allocate(10)
            .putLong(export.disk().size())
            .putShort((short) export.transmissionFlags(style)));
    if (wanted.information().contains(OptionReply.INFO_NAME)) {
      inform(option, OptionReply.INFO_NAME, export.name());
    }
    if (wanted.information().contains(OptionReply.INFO_DESCRIPTION)
        && !export.description().isEmpty()) {
      inform(option, OptionReply.INFO_DESCRIPTION, export.description());
    }
    if (wanted.information().contains(OptionReply.INFO_BLOCK_SIZE)) {
      inform(
          option,
          OptionReply.INFO_BLOCK_SIZE,
          ByteBuffer.allocate(12).putInt(1).putInt(PREFERRED_BLOCK).putInt(NbdLimits.PAYLOAD));
    }
    acknowledge(option);
    return option == Option.GO ? use(export) : Outcome.MORE;
  }

  private Outcome metaContext(Option option, OptionData.Queries queries)
      throws IOException, OptionData.Invalid {
    boolean select = option == Option.SET_META_CONTEXT;
    if (select) {
      chosen = Optional.empty();
    }
    if (!style.chunked()) {
      throw new OptionData.Invalid("structured replies come first");
    }
    var export = find(queries.export());
    if (export.isEmpty()) {
      return refuse(option, OptionReply.ERR_UNKNOWN, "no export of this name");
    }
    var contexts = new MetaContexts(export.get());
    var found =
        select
            ? contexts.selected(queries.queries())
            : queries.queries().isEmpty() ? contexts.all() : contexts.listed(queries.queries());
    for (var context : found) {
      byte[] name = bytes(context.name());
      var answer = ByteBuffer.allocate(4 + name.length);
      reply(option, OptionReply.META_CONTEXT, answer.putInt(select ? context.id() : 0).put(name));
    }
    if (select) {
      chosen = Optional.of(new Contexts(queries.export(), found));
    }
    return acknowledge(option);
  }

  private Optional<NbdExport> find(String name) {
    return exports.stream().filter(export -> export.name().equals(name)).findFirst();
  }

  private void inform(Option option, int kind, String text) throws IOException {
    byte[] raw = bytes(text);
    inform(option, kind, ByteBuffer.allocate(raw.length).put(raw));
  }

  private void inform(Option option, int kind, ByteBuffer body) throws IOException {
    var answer = ByteBuffer.allocate(2 + body.position());
    reply(option, OptionReply.INFO, answer.putShort((short) kind).put(body.flip()));
  }

  private Outcome acknowledge(Option option) throws IOException {
    reply(option, OptionReply.ACK, ByteBuffer.allocate(0));
    return Outcome.MORE;
  }

  private Outcome refuse(Option option, int error, String message) throws IOException {
    if (option == Option.EXPORT_NAME) { // It has no room for an error.
      throw new ProtocolException("export name: " + message);
    }
    reply(option.number(), error, message);
    return Outcome.MORE;
  }

  private void reply(int option, int type, String message) throws IOException {
    byte[] text = bytes(message);
    reply(option, type, ByteBuffer.allocate(text.length).put(text));
  }

  private void reply(Option option, int type, ByteBuffer body) throws IOException {
    reply(option.number(), type, body);
  }

  /** Sends what was put into {@code body}. */
  private void reply(int option, int type, ByteBuffer body) throws IOException {
    var message = ByteBuffer.allocate(REPLY_HEADER + body.position());
    message.putLong(Magic.OPTION_REPLY).putInt(option).putInt(type).putInt(body.position());
    link.write(message.put(body.flip()).flip());
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
