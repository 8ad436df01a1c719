/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network.dns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.network.Attachment;
import dev.caisson.network.Endpoint;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class NamesTest {
  private static final InetAddress WEB = InetAddress.ofLiteral("10.0.0.2");
  private static final InetAddress DATABASE = InetAddress.ofLiteral("10.0.0.3");
  private static final InetAddress SECRET = InetAddress.ofLiteral("10.1.0.2");

  private final NameTable table = new NameTable();
  private final Names names = new Names(table, network -> network.equals("inner"));

  @BeforeEach
  void fill() {
    table.put(attachment("web", "red", WEB, "web"));
    table.put(attachment("db", "red", DATABASE, "DB", "Database"));
    table.put(attachment("secret", "inner", SECRET, "secret"));
  }

  private static Attachment attachment(
      String id, String network, InetAddress address, String... names) {
    InetAddress six = InetAddress.ofLiteral("fd00::" + (address.getAddress()[3] & 0xff));
    Endpoint endpoint =
        new Endpoint(network, address, Optional.of(six), Endpoint.macOf(address), List.of(names));
    return new Attachment(id, List.of(endpoint), List.of());
  }

  @Test
  void namesOfTheSameNetworkAreAnsweredInAnyCase() throws Exception {
    byte[] answer = ask(WEB, "dAtAbAsE", Question.A).orElseThrow();
    assertThat(code(answer)).isEqualTo(Answer.NO_ERROR);
    assertThat(answers(answer)).isEqualTo(1);
    assertThat(tail(answer, 4)).isEqualTo(DATABASE.getAddress());
    assertThat(tail(ask(WEB, "db", Question.AAAA).orElseThrow(), 16))
        .isEqualTo(InetAddress.ofLiteral("fd00::3").getAddress());
    byte[] none = ask(WEB, "db", 15).orElseThrow();
    assertThat(code(none)).isEqualTo(Answer.NO_ERROR);
    assertThat(answers(none)).isZero();
  }

  @Test
  void addressesAreAnsweredWithTheirFirstName() throws Exception {
    byte[] answer = ask(WEB, "3.0.0.10.in-addr.arpa", Question.PTR).orElseThrow();
    assertThat(new String(answer, StandardCharsets.ISO_8859_1)).endsWith("\2db\0");
    String six = "3.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa";
    assertThat(NameTable.reversed(six)).hasValue(InetAddress.ofLiteral("fd00::3"));
  }

  @Test
  void namesOfOtherNetworksDoNotExistAndAreNotForwarded() throws Exception {
    assertThat(code(ask(WEB, "secret", Question.A).orElseThrow())).isEqualTo(Answer.NO_SUCH_NAME);
    assertThat(code(ask(WEB, "unknown", Question.A).orElseThrow())).isEqualTo(Answer.NO_SUCH_NAME);
  }

  @Test
  void othersAreForwardedUnlessTheNetworkIsInternal() throws Exception {
    assertThat(ask(WEB, "example.org", Question.A)).isEmpty();
    assertThat(code(ask(SECRET, "example.org", Question.A).orElseThrow()))
        .isEqualTo(Answer.REFUSED);
  }

  @Test
  void strangersAreRefused() throws Exception {
    InetAddress stranger = InetAddress.ofLiteral("192.0.2.9");
    assertThat(code(ask(stranger, "web", Question.A).orElseThrow())).isEqualTo(Answer.REFUSED);
  }

  @Test
  void namesGoWithTheirWorkload() throws Exception {
    table.put(attachment("db2", "red", InetAddress.ofLiteral("10.0.0.4"), "db"));
    assertThat(answers(ask(WEB, "db", Question.A).orElseThrow())).isEqualTo(2);
    table.remove("db");
    assertThat(tail(ask(WEB, "db", Question.A).orElseThrow(), 4)).containsExactly(10, 0, 0, 4);
    table.remove("db2");
    assertThat(code(ask(WEB, "db", Question.A).orElseThrow())).isEqualTo(Answer.NO_SUCH_NAME);
  }

  /** Note 59. */
  @Test
  void compressionLoopsAreFormatErrors() {
    byte[] query = query("x", Question.A);
    query[12] = (byte) 0xc0;
    query[13] = 12;
    assertThatThrownBy(() -> Question.parse(query, query.length))
        .isInstanceOfSatisfying(
            Question.Refused.class, e -> assertThat(e.code()).isEqualTo(Answer.FORMAT_ERROR));
  }

  @Test
  void noInputIsWorseThanRefused() {
    Random random = new Random(13);
    byte[] good = query("some.longer.name.test", Question.A);
    for (int round = 0; round < 30_000; round++) {
      byte[] bytes = random.nextInt(4) == 0 ? new byte[random.nextInt(600)] : good.clone();
      if (random.nextInt(4) == 0) {
        random.nextBytes(bytes);
      }
      for (int flips = random.nextInt(4); flips > 0 && bytes.length > 0; flips--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      int length = bytes.length == 0 ? 0 : random.nextInt(bytes.length + 1);
      try {
        Question question = Question.parse(bytes, length);
        assertThat(question.name().length()).isLessThanOrEqualTo(253);
        names
            .answer(bytes, question, WEB)
            .ifPresent(answer -> assertThat(answer.length).isLessThanOrEqualTo(512 + 255));
      } catch (Question.Refused e) {
        assertThat(e.code()).isBetween(0, 5);
      }
    }
  }

  @Test
  void answersToAnswersAreNeverSent() {
    byte[] query = query("web", Question.A);
    query[2] |= (byte) 0x80;
    assertThatThrownBy(() -> Question.parse(query, query.length))
        .isInstanceOfSatisfying(Question.Refused.class, e -> assertThat(e.code()).isZero());
  }

  private Optional<byte[]> ask(InetAddress asker, String name, int type) throws Question.Refused {
    byte[] query = query(name, type);
    return names.answer(query, Question.parse(query, query.length), asker);
  }

  static byte[] query(String name, int type) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(new byte[] {0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0});
    for (String label : name.split("\\.")) {
      out.write(label.length());
      out.writeBytes(label.getBytes(StandardCharsets.US_ASCII));
    }
    out.writeBytes(new byte[] {0, 0, (byte) type, 0, 1});
    return out.toByteArray();
  }

  private static int code(byte[] answer) {
    return answer[3] & 0xf;
  }

  private static int answers(byte[] answer) {
    return answer[7];
  }

  private static byte[] tail(byte[] answer, int length) {
    return Arrays.copyOfRange(answer, answer.length - length, answer.length);
  }
}
