/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit;

import dev.caisson.buildkit.grpc.GrpcMethod;
import dev.caisson.buildkit.grpc.GrpcServer;
import dev.caisson.buildkit.session.Sessions;
import dev.caisson.buildkit.solve.BridgeService;
import dev.caisson.buildkit.solve.ControlService;
import dev.caisson.buildkit.solve.NetworkGate;
import dev.caisson.buildkit.solve.Solves;
import dev.caisson.engine.Engine;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;

/** An engine as a BuildKit, for clients that upgraded their connections. */
public final class BuildKit {
  private final Sessions sessions = new Sessions();
  private final Solves solves;
  private final GrpcServer server;

  /**
   * @param network gets the network mode a build wants, and throws when it may not have it
   */
  public BuildKit(Engine engine, Consumer<String> network) {
    NetworkGate gate = network::accept;
    solves = new Solves(engine, sessions, gate);
    Map<String, GrpcMethod> methods = new HashMap<>();
    methods.putAll(new ControlService(engine, solves).methods());
    methods.putAll(new BridgeService(solves).methods());
    server = new GrpcServer(methods);
  }

  /** The control API, for a client that was answered {@code 101} to {@code POST /grpc}. */
  public Connection control(Connector connector, EndPoint endPoint) {
    return server.connection(connector, endPoint);
  }

  /**
   * A session, for a client that was answered {@code 101} to {@code POST /session}: from then on we
   * call it.
   *
   * @param id the client's name for it
   */
  public Connection session(Connector connector, EndPoint endPoint, String id) {
    return sessions.connection(connector, endPoint, id);
  }

  /** Ends the build of this name, if there is one. */
  public void cancel(String ref) {
    solves.cancel(ref);
  }

  /** Whether a session of this name is open. */
  public boolean hasSession(String id) {
    return sessions.isOpen(id);
  }

  /** Gets each message of progress, a {@code StatusResponse} of BuildKit's control API. */
  @FunctionalInterface
  public interface Watcher {
    void see(byte[] statusResponse);
  }

  /**
   * Builds a Dockerfile with the files of a session.
   *
   * @param ref the client's name for the build
   * @param attributes those of BuildKit's Dockerfile front end
   * @param exports where the result goes: the name of an exporter and its attributes each
   * @return the image's id
   * @throws dev.caisson.build.BuildException when it cannot be built
   */
  public String build(
      String ref,
      String session,
      Map<String, String> attributes,
      List<Map.Entry<String, Map<String, String>>> exports,
      Watcher watcher)
      throws IOException {
    return solves.watched(ref, session, attributes, exports).build(watcher::see);
  }
}
