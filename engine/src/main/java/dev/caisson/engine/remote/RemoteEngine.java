/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.remote;

import dev.caisson.engine.Containers;
import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.Events;
import dev.caisson.engine.Host;
import dev.caisson.engine.Images;
import dev.caisson.engine.Networks;
import dev.caisson.engine.Snapshots;
import dev.caisson.engine.Volumes;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** An engine in another process, reached by its socket: each call has a connection of its own. */
public final class RemoteEngine implements Engine {
  /** Its name in an engine's run directory. */
  public static final String SOCKET = "engine.sock";

  /** A list of thousands of containers is some megabytes. */
  private static final int LONGEST = 256 << 20;

  private final Path socket;
  private final Set<Connection> open = ConcurrentHashMap.newKeySet();
  private final Map<Service, Object> parts = new ConcurrentHashMap<>();
  private volatile boolean closed;

  private RemoteEngine(Path socket) {
    this.socket = socket;
  }

  /**
   * @throws EngineException UNAVAILABLE when none listens there; UNSUPPORTED when it is of another
   *     release
   */
  public static Engine connect(Path socket) {
    var engine = new RemoteEngine(socket);
    engine.host().version(); // says no at once if it cannot be spoken to
    return engine;
  }

  private <T> T part(Service service, Class<T> type) {
    return type.cast(
        parts.computeIfAbsent(
            service,
            chosen ->
                Proxy.newProxyInstance(
                    type.getClassLoader(),
                    new Class<?>[] {type},
                    (proxy, method, arguments) -> invoke(chosen, proxy, method, arguments))));
  }

  @SuppressWarnings("ReferenceEquality") // a part equals itself alone
  private @Nullable Object invoke(
      Service service, Object proxy, Method method, Object @Nullable [] arguments) {
    if (method.getDeclaringClass() == Object.class) {
      return switch (method.getName()) {
        case "equals" -> arguments != null && proxy == arguments[0];
        case "hashCode" -> System.identityHashCode(proxy);
        default -> service.type().getSimpleName() + " at " + socket;
      };
    }
    return new RemoteCall(connection(), method)
        .make(service, arguments == null ? new Object[0] : arguments);
  }

  private Connection connection() {
    if (closed) {
      throw EngineException.conflict("this engine was closed", "connect again");
    }
    try {
      var channel = SocketChannel.open(StandardProtocolFamily.UNIX);
      try {
        channel.connect(UnixDomainSocketAddress.of(socket));
      } catch (IOException e) {
        channel.close();
        throw e;
      }
      var connection = new Connection(channel, LONGEST);
      open.removeIf(Connection::isClosed);
      open.add(connection);
      return connection;
    } catch (IOException e) {
      throw new EngineException(
          EngineException.Kind.UNAVAILABLE,
          "no engine listens at " + socket + ": " + e.getMessage(),
          "start it: caisson engine",
          e);
    }
  }

  @Override
  public Containers containers() {
    return part(Service.CONTAINERS, Containers.class);
  }

  @Override
  public Images images() {
    return part(Service.IMAGES, Images.class);
  }

  @Override
  public Networks networks() {
    return part(Service.NETWORKS, Networks.class);
  }

  @Override
  public Volumes volumes() {
    return part(Service.VOLUMES, Volumes.class);
  }

  @Override
  public Snapshots snapshots() {
    return part(Service.SNAPSHOTS, Snapshots.class);
  }

  @Override
  public Events events() {
    return part(Service.EVENTS, Events.class);
  }

  @Override
  public Host host() {
    return part(Service.HOST, Host.class);
  }

  /** Gives up what is under way; the engine goes on. */
  @Override
  public void close() {
    closed = true;
    open.forEach(Connection::close);
  }
}
