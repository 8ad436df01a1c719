/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.state;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * Changes that belong together, as they lie in the journal: whole or not at all.
 *
 * <pre>
 * int length of the body | int CRC-32C of the body | body
 * body: for each change   byte 1 put, 2 remove | short key length | key | put: int length | value
 * </pre>
 */
final class Frame {
  static final int PREFIX = 8;
  static final int LONGEST_BODY = 16 << 20;
  private static final byte PUT = 1;
  private static final byte REMOVE = 2;

  private Frame() {}

  static ByteBuffer encode(List<Change> changes) {
    int body = 0;
    var keys = new ArrayList<byte[]>(changes.size());
    for (var change : changes) {
      var key = change.keyBytes();
      keys.add(key);
      body += 3 + key.length;
      if (change instanceof Change.Put put) {
        body = Math.addExact(body, 4 + put.value().length);
      }
    }
    if (body > LONGEST_BODY) {
      throw new IllegalArgumentException("frame of " + body + " bytes");
    }
    var frame = ByteBuffer.allocate(PREFIX + body).putInt(body).putInt(0);
    for (int i = 0; i < keys.size(); i++) {
      var change = changes.get(i);
      frame.put(change instanceof Change.Put ? PUT : REMOVE);
      frame.putShort((short) keys.get(i).length).put(keys.get(i));
      if (change instanceof Change.Put put) {
        frame.putInt(put.value().length).put(put.value());
      }
    }
    frame.flip();
    return frame.putInt(4, checksum(frame.slice(PREFIX, body)));
  }

  /**
   * Reads the frame at the buffer's position and moves behind it.
   *
   * @return empty, position unmoved, if there is no whole and sound frame
   */
  static Optional<List<Change>> decode(ByteBuffer journal) {
    if (journal.remaining() < PREFIX) {
      return Optional.empty();
    }
    int start = journal.position();
    int length = journal.getInt(start);
    if (length <= 0 || length > LONGEST_BODY || length > journal.remaining() - PREFIX) {
      return Optional.empty();
    }
    var body = journal.slice(start + PREFIX, length);
    if (checksum(body.duplicate()) != journal.getInt(start + 4)) {
      return Optional.empty();
    }
    var changes = changes(body);
    changes.ifPresent(found -> journal.position(start + PREFIX + length));
    return changes;
  }

  private static Optional<List<Change>> changes(ByteBuffer body) {
    var changes = new ArrayList<Change>();
    while (body.hasRemaining()) {
      if (body.remaining() < 3) {
        return Optional.empty();
      }
      byte kind = body.get();
      int keyLength = Short.toUnsignedInt(body.getShort());
      if (keyLength > body.remaining()) {
        return Optional.empty();
      }
      var key = new String(bytes(body, keyLength), StandardCharsets.UTF_8);
      if (kind == REMOVE) {
        changes.add(new Change.Remove(key));
        continue;
      }
      if (kind != PUT || body.remaining() < 4) {
        return Optional.empty();
      }
      int valueLength = body.getInt();
      if (valueLength < 0 || valueLength > body.remaining()) {
        return Optional.empty();
      }
      changes.add(new Change.Put(key, bytes(body, valueLength)));
    }
    return Optional.of(changes);
  }

  private static byte[] bytes(ByteBuffer from, int length) {
    var bytes = new byte[length];
    from.get(bytes);
    return bytes;
  }

  private static int checksum(ByteBuffer body) {
    var crc = new CRC32C();
    crc.update(body);
    return (int) crc.getValue();
  }
}
