/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.digest;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.MessageDigestSpi;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * SHA-256 that begins in Java's memory: a document is digested by the JDK, and only what outgrows
 * {@link #SHORT} bytes goes to the library.
 */
final class LibrarySha256 extends MessageDigestSpi implements Cloneable {
  private static final int SHORT = 16 << 10;
  private static final int FIRST = 128;

  private byte[] start = {};
  private int filled;
  private int @Nullable [] state;
  private @Nullable MessageDigest java;

  @Override
  protected void engineUpdate(byte value) {
    engineUpdate(new byte[] {value}, 0, 1);
  }

  @Override
  protected void engineUpdate(byte[] bytes, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    if (state == null && java == null && filled + length <= SHORT) {
      keep(bytes, offset, length);
    } else {
      add(MemorySegment.ofArray(bytes).asSlice(offset, length));
    }
  }

  @Override
  protected void engineUpdate(ByteBuffer bytes) {
    if (bytes.hasArray() || bytes.isReadOnly() && !bytes.isDirect()) {
      super.engineUpdate(bytes);
      return;
    }
    add(MemorySegment.ofBuffer(bytes));
    bytes.position(bytes.limit());
  }

  private void keep(byte[] bytes, int offset, int length) {
    if (start.length < filled + length) {
      start = Arrays.copyOf(start, Math.max(filled + length, Math.max(FIRST, 2 * start.length)));
    }
    System.arraycopy(bytes, offset, start, filled, length);
    filled += length;
  }

  private void add(MemorySegment data) {
    MemorySegment before = MemorySegment.ofArray(start).asSlice(0, filled);
    var library = Sha256Library.get();
    if (library.isPresent()) {
      if (state == null) {
        state = library.get().begin();
        library.get().update(state, before);
      }
      library.get().update(state, data);
    } else {
      if (java == null) {
        java = ofJava();
        java.update(before.asByteBuffer());
      }
      java.update(data.asByteBuffer());
    }
    start = new byte[0];
    filled = 0;
  }

  @Override
  protected byte[] engineDigest() {
    byte[] digest = finish();
    engineReset();
    return digest;
  }

  private byte[] finish() {
    if (state != null) {
      return Sha256Library.get().orElseThrow().end(state);
    }
    MessageDigest rest = java == null ? ofJava() : java;
    rest.update(start, 0, filled);
    return rest.digest();
  }

  private static MessageDigest ofJava() {
    try {
      return MessageDigest.getInstance("SHA-256", "SUN");
    } catch (GeneralSecurityException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }

  @Override
  protected void engineReset() {
    filled = 0;
    state = null;
    java = null;
  }

  @Override
  protected int engineGetDigestLength() {
    return 32;
  }

  @Override
  public Object clone() throws CloneNotSupportedException {
    LibrarySha256 copy = (LibrarySha256) super.clone();
    copy.start = start.clone();
    copy.state = state == null ? null : state.clone();
    copy.java = java == null ? null : (MessageDigest) java.clone();
    return copy;
  }
}
