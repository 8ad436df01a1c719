/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.state;

import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/**
 * Records to JSON and back, by their components. What a component's JSON lacks gets the type's
 * empty value, and unknown names are passed over: so a record may gain and lose components.
 *
 * <p>Components may be texts, whole numbers, booleans, bytes, enums, times, paths, records, sealed
 * interfaces of records, and optionals, lists, sets and maps (keyed by text) of them.
 */
public final class RecordCodec {
  /** Names the record among those of a sealed interface. */
  private static final String TYPE = "@";

  private static final Map<Class<?>, Shape> SHAPES = new ConcurrentHashMap<>();

  private RecordCodec() {}

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Shape(
      RecordComponent[] components, Method[] accessors, Constructor<?> maker, boolean ofSealed) {
    static Shape of(Class<?> type) {
      var components = type.getRecordComponents();
      var types = new Class<?>[components.length];
      var accessors = new Method[components.length];
      for (int i = 0; i < components.length; i++) {
        types[i] = components[i].getType();
        accessors[i] = components[i].getAccessor();
        accessors[i].setAccessible(true); // records that a package keeps to itself
      }
      try {
        var maker = type.getDeclaredConstructor(types);
        maker.setAccessible(true);
        boolean ofSealed = Stream.of(type.getInterfaces()).anyMatch(Class::isSealed);
        return new Shape(components, accessors, maker, ofSealed);
      } catch (NoSuchMethodException e) {
        throw new IllegalStateException("record without its constructor: " + type, e);
      }
    }
  }

  public static byte[] encode(Record value) {
    return Json.write(generator -> write(generator, value));
  }

  /**
   * @throws IllegalArgumentException if {@code json} is not what {@link #encode} writes
   */
  public static <T extends Record> T decode(byte[] json, Class<T> type) {
    return type.cast(typed(Json.read(json), type));
  }

  /** As {@link #encode}, for whatever a component may be, and for nothing at all. */
  public static byte[] encodeValue(@Nullable Object value) {
    return Json.write(generator -> write(generator, value));
  }

  /**
   * @param type as a method or a component declares it
   * @throws IllegalArgumentException if {@code json} is not what {@link #encodeValue} writes
   */
  public static Object decodeValue(byte[] json, Type type) {
    return typed(Json.read(json), type);
  }

  private static void write(JsonGenerator out, @Nullable Object value) {
    switch (value) {
      case null -> out.writeNull();
      case String text -> out.writeString(text);
      case Record record -> writeFields(out, record);
      case Optional<?> optional -> write(out, optional.orElse(null));
      case OptionalLong optional -> write(out, optional.isPresent() ? optional.getAsLong() : null);
      case OptionalInt optional -> write(out, optional.isPresent() ? optional.getAsInt() : null);
      case Collection<?> collection -> {
        out.writeStartArray();
        collection.forEach(element -> write(out, element));
        out.writeEndArray();
      }
      case Map<?, ?> map -> {
        out.writeStartObject();
        map.forEach((key, element) -> {
          out.writeName(key.toString());
          write(out, element);
        });
        out.writeEndObject();
      }
      case Boolean truth -> out.writeBoolean(truth);
      case Integer number -> out.writeNumber(number);
      case Long number -> out.writeNumber(number);
      case Double number -> out.writeNumber(number);
      case Enum<?> constant -> out.writeString(constant.name());
      case byte[] bytes -> out.writeString(Base64.getEncoder().encodeToString(bytes));
      default -> out.writeString(value.toString());
    }
  }

  private static void writeFields(JsonGenerator out, Record record) {
    out.writeStartObject();
    var shape = SHAPES.computeIfAbsent(record.getClass(), Shape::of);
    if (shape.ofSealed) {
      out.writeName(TYPE);
      out.writeString(record.getClass().getSimpleName());
    }
    for (int i = 0; i < shape.accessors.length; i++) {
      var component = invoke(shape.accessors[i], record);
      if (!isImplied(component)) {
        out.writeName(shape.components[i].getName());
        write(out, component);
      }
    }
    out.writeEndObject();
  }

  /**
   * What decoding supplies by itself need not be stored. An optional that holds something empty is
   * not an empty optional.
   */
  private static boolean isImplied(@Nullable Object value) {
    return switch (value) {
      case null -> true;
      case Optional<?> optional -> optional.isEmpty();
      case OptionalLong optional -> optional.isEmpty();
      case OptionalInt optional -> optional.isEmpty();
      case String text -> text.isEmpty();
      case Collection<?> collection -> collection.isEmpty();
      case Map<?, ?> map -> map.isEmpty();
      case Boolean truth -> !truth;
      default -> false;
    };
  }

  private static @Nullable Object invoke(Method accessor, Record record) {
    try {
      return accessor.invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot read " + accessor, e);
    }
  }

  private static Object typed(@Nullable Object json, Type type) {
    if (type instanceof ParameterizedType generic) {
      return container(json, (Class<?>) generic.getRawType(), generic.getActualTypeArguments());
    }
    var wanted = (Class<?>) type;
    if (wanted.isRecord()) {
      return record(json == null ? Map.of() : map(json), wanted);
    }
    if (wanted.isSealed()) {
      return record(map(json), member(wanted, String.valueOf(map(json).get(TYPE))));
    }
    return scalar(json, wanted);
  }

  private static Object container(@Nullable Object json, Class<?> raw, Type[] arguments) {
    if (raw == Optional.class) {
      return json == null ? Optional.empty() : Optional.of(typed(json, arguments[0]));
    }
    if (raw == Map.class) {
      var map = new LinkedHashMap<String, Object>();
      if (json != null) {
        map(json).forEach((key, value) -> map.put(key, typed(value, arguments[1])));
      }
      return map;
    }
    var elements = raw == Set.class ? new LinkedHashSet<Object>() : new ArrayList<Object>();
    if (json instanceof List<?> list) {
      list.forEach(element -> elements.add(typed(element, arguments[0])));
    }
    return elements;
  }

  private static Object scalar(@Nullable Object json, Class<?> type) {
    if (type == OptionalLong.class) {
      return json == null ? OptionalLong.empty() : OptionalLong.of(number(json));
    }
    if (type == OptionalInt.class) {
      return json == null ? OptionalInt.empty() : OptionalInt.of(integer(json));
    }
    if (type == boolean.class || type == Boolean.class) {
      return Boolean.TRUE.equals(json);
    }
    if (type == long.class || type == Long.class) {
      return json == null ? 0L : number(json);
    }
    if (type == int.class || type == Integer.class) {
      return json == null ? 0 : integer(json);
    }
    if (type == byte[].class) {
      return Base64.getDecoder().decode(json == null ? "" : json.toString());
    }
    return text(json == null ? "" : json.toString(), type);
  }

  private static Object text(String text, Class<?> type) {
    if (type == String.class) {
      return text;
    }
    try {
      if (type == Instant.class) {
        return text.isEmpty() ? Instant.EPOCH : Instant.parse(text);
      }
      if (type == Duration.class) {
        return text.isEmpty() ? Duration.ZERO : Duration.parse(text);
      }
    } catch (DateTimeException e) {
      throw new IllegalArgumentException("no time: '" + text + "'", e);
    }
    if (type == Path.class) {
      return Path.of(text);
    }
    if (type.isEnum()) {
      for (var constant : type.getEnumConstants()) {
        if (((Enum<?>) constant).name().equals(text)) {
          return constant;
        }
      }
    }
    throw new IllegalArgumentException("no " + type.getSimpleName() + " is called '" + text + "'");
  }

  private static long number(Object json) {
    if (json instanceof Long number) {
      return number;
    }
    throw new IllegalArgumentException("not a whole number: " + json);
  }

  private static int integer(Object json) {
    long number = number(json);
    if (number != (int) number) {
      throw new IllegalArgumentException("number out of range: " + number);
    }
    return (int) number;
  }

  private static Object record(Map<String, @Nullable Object> fields, Class<?> type) {
    var shape = SHAPES.computeIfAbsent(type, Shape::of);
    var arguments = new Object[shape.components.length];
    for (int i = 0; i < arguments.length; i++) {
      var component = shape.components[i];
      arguments[i] = typed(fields.get(component.getName()), component.getGenericType());
    }
    try {
      return shape.maker.newInstance(arguments);
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException("cannot make a " + type.getSimpleName(), e);
    }
  }

  private static Class<?> member(Class<?> sealed, String name) {
    for (var member : sealed.getPermittedSubclasses()) {
      if (member.getSimpleName().equals(name)) {
        return member;
      }
    }
    throw new IllegalArgumentException(name + " is no " + sealed.getSimpleName());
  }

  @SuppressWarnings("unchecked") // Json makes maps with text keys only
  private static Map<String, @Nullable Object> map(@Nullable Object json) {
    if (json instanceof Map<?, ?> map) {
      return (Map<String, @Nullable Object>) map;
    }
    throw new IllegalArgumentException("not an object: " + json);
  }
}
