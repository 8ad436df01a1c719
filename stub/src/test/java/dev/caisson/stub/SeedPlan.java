/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.stub;

import dev.caisson.launch.Action;
import dev.caisson.launch.Bytes;
import dev.caisson.launch.LaunchPlan;
import dev.caisson.launch.NamespaceAction;
import dev.caisson.launch.ProcessAction;
import dev.caisson.launch.Step;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** What the fuzzer starts from. */
final class SeedPlan {
  private static final Map<Class<?>, Object> VALUES =
      Map.of(
          int.class,
          7,
          long.class,
          5L,
          Long.class,
          5L,
          boolean.class,
          true,
          char.class,
          'c',
          String.class,
          "text",
          Bytes.class,
          Bytes.of(new byte[16]));

  private SeedPlan() {}

  /** One step of every action there is, with every argument given. */
  static LaunchPlan everything() {
    var actions =
        Arrays.stream(Action.class.getPermittedSubclasses())
            .flatMap(family -> Arrays.stream(family.getPermittedSubclasses()))
            // A plan makes its process or takes one over.
            .filter(action -> action != NamespaceAction.TakeParked.class)
            .sorted(Comparator.comparing(SeedPlan::turn).thenComparing(Class::getName))
            .toList();
    return new LaunchPlan(
        actions.stream()
            .map(action -> step(action.getSimpleName(), (Action) make(action)))
            .toList());
  }

  /** The process comes first, and its program last. */
  private static int turn(Class<?> action) {
    return action == NamespaceAction.Clone.class ? 0 : action == ProcessAction.Exec.class ? 2 : 1;
  }

  private static Step step(String name, Action action) {
    return action instanceof NamespaceAction.Clone
        ? Step.outside(name, action)
        : Step.inside(name, action);
  }

  private static Object make(Class<?> record) {
    var parts = record.getRecordComponents();
    var types = Stream.of(parts).map(RecordComponent::getType).toArray(Class<?>[]::new);
    var values = Stream.of(parts).map(part -> value(part.getGenericType())).toArray();
    try {
      return record.getDeclaredConstructor(types).newInstance(values);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError("cannot make " + record + " of " + Arrays.toString(values), e);
    }
  }

  private static Object value(Type type) {
    if (type instanceof ParameterizedType of) {
      var inner = value(of.getActualTypeArguments()[0]);
      return of.getRawType() == List.class
          ? List.of(inner)
          : of.getRawType() == Set.class ? Set.of(inner) : Optional.of(inner);
    }
    var plain = (Class<?>) type;
    return Optional.<Object>ofNullable(VALUES.get(plain))
        .orElseGet(() -> plain.isEnum() ? plain.getEnumConstants()[0] : make(plain));
  }
}
