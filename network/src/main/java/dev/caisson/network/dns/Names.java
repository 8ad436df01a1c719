/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network.dns;

import dev.caisson.network.Endpoint;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Decides what a query gets: an answer of our own, a refusal, or a question to the host's servers.
 */
final class Names {
  private final NameTable table;
  private final Predicate<String> internal;

  /**
   * @param internal whether the network of this id is cut off from outside
   */
  Names(NameTable table, Predicate<String> internal) {
    this.table = table;
    this.internal = internal;
  }

  /** Empty when the host's servers should be asked. */
  Optional<byte[]> answer(byte[] query, Question question, InetAddress asker) {
    List<String> networks = table.networksOf(asker);
    if (networks.isEmpty() || question.dnsClass() != Question.INTERNET) {
      return Optional.of(Answer.code(query, question, Answer.REFUSED));
    }
    if (question.type() == Question.PTR) {
      Optional<byte[]> name =
          NameTable.reversed(question.name())
              .flatMap(address -> table.nameOf(networks, address))
              .map(found -> Answer.name(query, question, found));
      return name.isPresent() ? name : outside(query, question, networks);
    }
    List<Endpoint> found = table.find(networks, question.name());
    if (found.isEmpty()) {
      return outside(query, question, networks);
    }
    List<InetAddress> addresses = new ArrayList<>();
    for (Endpoint endpoint : found) {
      addresses(endpoint, question.type()).forEach(addresses::add);
    }
    Collections.shuffle(addresses); // several workloads under one alias share the load
    return Optional.of(Answer.addresses(query, question, addresses));
  }

  private static Stream<InetAddress> addresses(Endpoint endpoint, int type) {
    return switch (type) {
      case Question.A, Question.ANY -> Stream.of(endpoint.ipv4());
      case Question.AAAA -> endpoint.ipv6().stream();
      default -> Stream.empty();
    };
  }

  private Optional<byte[]> outside(byte[] query, Question question, List<String> networks) {
    // A single label can only mean a workload: asking outside would tell strangers our names.
    boolean ours = question.name().indexOf('.') < 0 && !question.name().isEmpty();
    if (ours) {
      return Optional.of(Answer.code(query, question, Answer.NO_SUCH_NAME));
    }
    return networks.stream().allMatch(internal)
        ? Optional.of(Answer.code(query, question, Answer.REFUSED))
        : Optional.empty();
  }
}
