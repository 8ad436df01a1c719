/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MessageTest {
  /** Whatever is written is read back: many messages, attributes of all lengths, nested ones. */
  @Test
  void whatIsWrittenIsReadBack() {
    Random random = new Random(7);
    for (int round = 0; round < 500; round++) {
      MessageWriter writer = new MessageWriter();
      List<byte[]> values = new ArrayList<>();
      int messages = 1 + random.nextInt(5);
      for (int i = 0; i < messages; i++) {
        byte[] value = new byte[random.nextInt(300)];
        random.nextBytes(value);
        values.add(value);
        writer.begin(100 + i, 5, i).int32(i).attribute(1, value);
        int number = i * 1000;
        writer.nested(2, inner -> inner.attribute(3, number).attribute(4, "text")).end();
      }
      byte[] bytes = writer.toBytes();
      List<Message> parsed = Message.parse(bytes, bytes.length);
      assertThat(parsed).hasSize(messages);
      for (int i = 0; i < messages; i++) {
        Message message = parsed.get(i);
        assertThat(message.type()).isEqualTo(100 + i);
        assertThat(message.sequence()).isEqualTo(i);
        Attributes attributes = message.attributes(4);
        assertThat(attributes.bytes(1)).hasValue(values.get(i));
        Attributes inner = attributes.nested(2).orElseThrow();
        assertThat(inner.int32(3, -1)).isEqualTo(i * 1000);
        assertThat(inner.string(4)).hasValue("text");
      }
    }
  }

  /** No input does anything but parse or be called malformed. */
  @Test
  void brokenBytesAreRefusedNeverWorse() {
    Random random = new Random(11);
    byte[] good =
        new MessageWriter()
            .begin(16, 0, 1)
            .int32(0)
            .attribute(3, "name")
            .nested(18, inner -> inner.attribute(1, new byte[33]))
            .end()
            .toBytes();
    for (int round = 0; round < 20_000; round++) {
      byte[] bytes = good.clone();
      for (int flips = random.nextInt(4); flips >= 0; flips--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      int length = random.nextInt(bytes.length + 1);
      try {
        for (Message message : Message.parse(bytes, length)) {
          Attributes attributes = message.attributes(4);
          var unused = attributes.nested(18);
          attributes.int32(3, 0);
        }
      } catch (MalformedMessageException e) {
        assertThat(e).hasMessageStartingWith("malformed");
      }
    }
  }

  @Test
  void lengthsThatDoNotFitAreNamed() {
    byte[] bytes = new MessageWriter().begin(1, 0, 0).int32(0).end().toBytes();
    ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).putInt(0, 4000);
    assertThatThrownBy(() -> Message.parse(bytes, bytes.length)).hasMessageContaining("4000");
    assertThatThrownBy(() -> Message.parse(Arrays.copyOf(bytes, 7), 7))
        .hasMessageContaining("header cut");
  }

  @Test
  void attributeLongerThanSixteenBitsNeverWraps() {
    MessageWriter writer = new MessageWriter().begin(1, 0, 0);
    assertThatThrownBy(() -> writer.attribute(1, new byte[65_536]))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() ->
            writer.nested(
                1, inner -> inner.attribute(1, new byte[40_000]).attribute(2, new byte[40_000])))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void interfaceNamesAndMacAddressesAreChecked() {
    for (String name : new String[] {"", ".", "..", "a/b", "a b", "sixteen-letters-", "é"}) {
      assertThatThrownBy(() -> LinkSettings.named(name))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThat(MacAddress.parse("02:42:ac:11:00:02")).hasToString("02:42:ac:11:00:02");
    assertThatThrownBy(() -> MacAddress.parse("02:42"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> MacAddress.parse("x")).isInstanceOf(IllegalArgumentException.class);
  }
}
