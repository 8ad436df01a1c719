/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.solve;

import dev.caisson.build.BuildException;
import dev.caisson.buildkit.wire.ProtoReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What {@code Control.Solve} and {@code LLBBridge.Solve} ask for.
 *
 * @param ref the client's name for the build
 * @param session of the client, which lends its files
 * @param frontend empty when the client runs the build itself over the bridge
 * @param attributes of the front end
 * @param exports what becomes of the result
 */
record SolveRequest(
    String ref,
    String session,
    String frontend,
    Map<String, String> attributes,
    List<Export> exports) {

  /**
   * Where a result goes.
   *
   * @param type {@code moby}, {@code image}, {@code docker}, {@code oci}, {@code local}, {@code
   *     tar}
   */
  record Export(String type, Map<String, String> attributes) {}

  /**
   * @throws BuildException for a graph of BuildKit's own operations
   */
  static SolveRequest ofControl(byte[] message) {
    var in = new ProtoReader(message);
    String ref = "";
    String session = "";
    String frontend = "";
    String exporter = "";
    Map<String, String> attributes = new LinkedHashMap<>();
    Map<String, String> exporterAttributes = new LinkedHashMap<>();
    List<Export> exports = new ArrayList<>();
    while (in.next()) {
      switch (in.field()) {
        case 1 -> ref = in.text();
        case 2 -> refuseGraph(in.bytes());
        case 3 -> exporter = in.text();
        case 4 -> put(in, exporterAttributes);
        case 5 -> session = in.text();
        case 6 -> frontend = in.text();
        case 7 -> put(in, attributes);
        case 10 -> refuseGraph(in.bytes());
        case 13 -> exports.add(export(in.message()));
        default -> {}
      }
    }
    if (exports.isEmpty() && !exporter.isEmpty()) { // as clients before Exporters tell it
      exports.add(new Export(exporter, exporterAttributes));
    }
    return new SolveRequest(ref, session, frontend, attributes, List.copyOf(exports));
  }

  /** Of a client that runs its build over the bridge. */
  static SolveRequest ofBridge(byte[] message, String ref, String session) {
    var in = new ProtoReader(message);
    String frontend = "";
    Map<String, String> attributes = new LinkedHashMap<>();
    while (in.next()) {
      switch (in.field()) {
        case 1 -> refuseGraph(in.bytes());
        case 2 -> frontend = in.text();
        case 3 -> put(in, attributes);
        case 13 -> refuseGraph(in.bytes());
        default -> {}
      }
    }
    return new SolveRequest(ref, session, frontend, attributes, List.of());
  }

  private static void put(ProtoReader in, Map<String, String> values) {
    var entry = in.entry();
    values.put(entry.getKey(), entry.getValue());
  }

  private static Export export(ProtoReader in) {
    String type = "";
    Map<String, String> attributes = new LinkedHashMap<>();
    while (in.next()) {
      switch (in.field()) {
        case 1 -> type = in.text();
        case 2 -> put(in, attributes);
        default -> {}
      }
    }
    return new Export(type, attributes);
  }

  private static void refuseGraph(byte[] definition) {
    if (definition.length > 0) {
      throw new BuildException(
          "this engine executes Dockerfiles and no graph of BuildKit's own operations: build with"
              + " the docker-container driver of buildx for that");
    }
  }
}
