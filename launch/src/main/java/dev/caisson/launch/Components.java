/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a record is made of, in order: the one description that encoder, decoder and printer share,
 * so that no field can be forgotten in one of them.
 */
final class Components {
  /** One component: how to read it, and its full type. */
  record Component(String name, Type type, MethodHandle getter) {
    Object read(Record owner) {
      try {
        return getter.invoke(owner);
      } catch (Throwable impossible) {
        throw new IllegalStateException("accessor of " + name + " failed", impossible);
      }
    }
  }

  private static final ClassValue<Components> KNOWN =
      new ClassValue<>() {
        @Override
        protected Components computeValue(Class<?> type) {
          return new Components(type);
        }
      };

  private final List<Component> all;
  private final MethodHandle constructor;

  private Components(Class<?> type) {
    var lookup = MethodHandles.lookup();
    RecordComponent[] parts = type.getRecordComponents();
    try {
      all = Stream.of(parts).map(part -> component(lookup, part)).toList();
      var types = Stream.of(parts).map(RecordComponent::getType).toArray(Class<?>[]::new);
      constructor = lookup.findConstructor(type, MethodType.methodType(void.class, types));
    } catch (ReflectiveOperationException impossible) {
      throw new IllegalStateException(type + " is not a record of this package", impossible);
    }
  }

  static Components of(Class<?> record) {
    return KNOWN.get(record);
  }

  List<Component> all() {
    return all;
  }

  /** Calls the canonical constructor, with its checks. */
  Object create(List<Object> values) {
    try {
      return constructor.invokeWithArguments(values);
    } catch (RuntimeException refused) {
      throw refused;
    } catch (Throwable impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static Component component(MethodHandles.Lookup lookup, RecordComponent part) {
    try {
      return new Component(
          part.getName(), part.getGenericType(), lookup.unreflect(part.getAccessor()));
    } catch (IllegalAccessException impossible) {
      throw new IllegalStateException(part + " is not accessible", impossible);
    }
  }
}
