/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads the bytes of {@link PlanEncoder} back; steps are then named after their actions. */
public final class PlanDecoder {
  private final ByteBuffer in;

  private PlanDecoder(byte[] encoded) {
    in = ByteBuffer.wrap(encoded).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * @throws LaunchException MALFORMED_BYTES or INVALID_PLAN
   */
  public static LaunchPlan decode(byte[] encoded) {
    try {
      return new PlanDecoder(encoded).plan();
    } catch (BufferUnderflowException end) {
      throw new LaunchException(
          LaunchException.Kind.MALFORMED_BYTES, "encoded plan ends in the middle of a value", end);
    }
  }

  private LaunchPlan plan() {
    if (in.getInt() != PlanEncoder.MAGIC) {
      throw malformed("it does not start with CPLN");
    }
    int version = in.getInt();
    if (version != PlanEncoder.VERSION) {
      throw malformed("version " + version + " is not " + PlanEncoder.VERSION);
    }
    if (in.getInt() != in.limit()) {
      throw malformed("its length field is not its length");
    }
    int count = in.getInt();
    if (count < 0 || count > LaunchPlan.MAX_STEPS) {
      throw malformed("it announces " + count + " steps");
    }
    var steps = new ArrayList<Step>(count);
    for (int i = 0; i < count; i++) {
      steps.add(step());
    }
    if (in.hasRemaining()) {
      throw malformed("bytes follow the last step");
    }
    return new LaunchPlan(steps);
  }

  private Step step() {
    Class<? extends Action> type = ActionCodes.typeOf(Short.toUnsignedInt(in.getShort()));
    Side side = in.getShort() == 0 ? Side.OUTSIDE : Side.INSIDE;
    int length = in.getInt();
    int start = in.position();
    Action action = (Action) record(type);
    if (in.position() - start != length) {
      throw malformed(type.getSimpleName() + " has another length than announced");
    }
    return new Step(type.getSimpleName(), "", side, action);
  }

  private Object record(Class<?> type) {
    var components = Components.of(type);
    var values = new ArrayList<Object>();
    components.all().forEach(component -> values.add(value(component.type())));
    return components.create(values);
  }

  private Object value(Type type) {
    if (type instanceof ParameterizedType generic) {
      Type element = generic.getActualTypeArguments()[0];
      if (generic.getRawType() == Set.class) {
        return constants((Class<?>) element, in.getLong());
      }
      if (generic.getRawType() == Optional.class) {
        return in.getInt() == 0 ? Optional.empty() : Optional.of(value(element));
      }
      return list(element);
    }
    return plain((Class<?>) type);
  }

  private Object plain(Class<?> type) {
    if (type == int.class) {
      return in.getInt();
    }
    if (type == char.class) {
      return (char) in.getInt();
    }
    if (type == boolean.class) {
      return in.getInt() != 0;
    }
    if (type == long.class || type == Long.class) {
      return in.getLong();
    }
    if (type == String.class) {
      String text = new String(bytes(), StandardCharsets.UTF_8);
      if (in.get() != 0) {
        throw malformed("text without its NUL");
      }
      return text;
    }
    if (type == Bytes.class) {
      return Bytes.of(bytes());
    }
    return type.isEnum() ? constant(type, in.getLong()) : record(type);
  }

  private List<Object> list(Type element) {
    int count = in.getInt();
    if (count < 0 || count > in.remaining()) {
      throw malformed("list of " + count + " elements");
    }
    var list = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      list.add(value(element));
    }
    return list;
  }

  private byte[] bytes() {
    int length = in.getInt();
    if (length < 0 || length > in.remaining()) {
      throw malformed("text or bytes longer than the plan");
    }
    byte[] bytes = new byte[length];
    in.get(bytes);
    return bytes;
  }

  private static Set<Object> constants(Class<?> type, long bits) {
    var set = new HashSet<>();
    long rest = bits;
    for (Object constant : type.getEnumConstants()) {
      long code = Coded.of(constant);
      if ((bits & code) == code) {
        set.add(constant);
        rest &= ~code;
      }
    }
    if (rest != 0) {
      throw malformed(type.getSimpleName() + " has no bits " + Long.toHexString(rest));
    }
    return set;
  }

  private static Object constant(Class<?> type, long code) {
    for (Object constant : type.getEnumConstants()) {
      if (Coded.of(constant) == code) {
        return constant;
      }
    }
    throw malformed(type.getSimpleName() + " has no number " + code);
  }

  private static LaunchException malformed(String reason) {
    return new LaunchException(
        LaunchException.Kind.MALFORMED_BYTES, "encoded plan refused: " + reason);
  }
}
