/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.spec.EndpointSpec;
import dev.caisson.engine.spec.HealthcheckSpec;
import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.engine.spec.LogSpec;
import dev.caisson.engine.spec.NamespaceSpec;
import dev.caisson.engine.spec.NetworkingSpec;
import dev.caisson.engine.spec.PortBinding;
import dev.caisson.engine.spec.PortSpec;
import dev.caisson.engine.spec.ProcessSpec;
import dev.caisson.engine.spec.RestartPolicy;
import dev.caisson.engine.spec.SecuritySpec;
import dev.caisson.server.http.HttpException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * The body of {@code POST /containers/create}: Config, with HostConfig and NetworkingConfig inside.
 */
final class CreateBody {
  /** Chooses the wall at create; an image's label of this name is never read. */
  static final String ISOLATION_LABEL = "dev.caisson.isolation";

  private static final Set<String> DEFAULT_RUNTIMES = Set.of("runc", "io.containerd.runc.v2");

  private CreateBody() {}

  static InstanceSpec read(JsonNode json, Optional<String> name, Optional<String> platform) {
    Body config = Body.of(json);
    Body host = config.object("HostConfig");
    String image =
        config
            .text("Image")
            .orElseThrow(
                () -> HttpException.badRequest("no image was given: set Image to a name or id"));
    InstanceSpec.Builder spec =
        InstanceSpec.of(image)
            .platform(platform)
            .process(process(config, host))
            .networking(networking(config, host))
            .storage(StorageBody.read(config, host))
            .security(security(host))
            .namespaces(namespaces(host))
            .resources(ResourceBody.read(host))
            .healthcheck(healthcheck(config))
            .restartPolicy(restartPolicy(host.object("RestartPolicy")))
            .log(
                new LogSpec(
                    host.object("LogConfig").text("Type", ""),
                    host.object("LogConfig").stringMap("Config")))
            .labels(config.stringMap("Labels"))
            .annotations(host.stringMap("Annotations"))
            .autoRemove(host.flag("AutoRemove"))
            .init(host.optionalFlag("Init"))
            .stopSignal(config.text("StopSignal"))
            .stopTimeout(seconds(config.number("StopTimeout")));
    name.ifPresent(spec::name);
    isolation(config, host).ifPresent(spec::isolation);
    return spec.build();
  }

  /**
   * The request's word for the wall: Isolation, else Runtime (the isolations are this engine's
   * runtimes), else the label. "default" and dockerd's own runtime say nothing.
   */
  private static Optional<String> isolation(Body config, Body host) {
    return host.text("Isolation")
        .filter(value -> !value.equals("default"))
        .or(() -> host.text("Runtime").filter(value -> !DEFAULT_RUNTIMES.contains(value)))
        .or(() -> Optional.ofNullable(config.stringMap("Labels").get(ISOLATION_LABEL)));
  }

  private static Optional<Duration> seconds(OptionalLong value) {
    return value.isEmpty() ? Optional.empty() : Optional.of(Duration.ofSeconds(value.getAsLong()));
  }

  private static ProcessSpec process(Body config, Body host) {
    return new ProcessSpec(
        config.optionalStrings("Entrypoint"),
        config.optionalStrings("Cmd"),
        config.strings("Env"),
        config.text("User", ""),
        config.text("WorkingDir", ""),
        config.flag("Tty"),
        config.flag("OpenStdin"),
        config.flag("StdinOnce"),
        config.flag("AttachStdin"),
        config.flag("AttachStdout"),
        config.flag("AttachStderr"),
        consoleSize(host));
  }

  /** {@code [height, width]}; zeros say nothing. */
  static Optional<ProcessSpec.ConsoleSize> consoleSize(Body body) {
    JsonNode size = body.node().path("ConsoleSize");
    if (!size.isArray()
        || size.size() != 2
        || !size.get(0).isIntegralNumber()
        || !size.get(1).isIntegralNumber()) {
      return Optional.empty();
    }
    int rows = size.get(0).intValue();
    int columns = size.get(1).intValue();
    return rows > 0 && columns > 0
        ? Optional.of(new ProcessSpec.ConsoleSize(rows, columns))
        : Optional.empty();
  }

  static Optional<HealthcheckSpec> healthcheck(Body config) {
    if (!config.has("Healthcheck")) {
      return Optional.empty();
    }
    Body check = config.object("Healthcheck");
    return Optional.of(
        new HealthcheckSpec(
            check.strings("Test"),
            check.nanoseconds("Interval"),
            check.nanoseconds("Timeout"),
            check.nanoseconds("StartPeriod"),
            check.nanoseconds("StartInterval"),
            check.integer("Retries").orElse(0) == 0
                ? java.util.OptionalInt.empty()
                : check.integer("Retries")));
  }

  static RestartPolicy restartPolicy(Body policy) {
    int retries = policy.integer("MaximumRetryCount").orElse(0);
    String name = policy.text("Name", "no");
    RestartPolicy parsed = RestartPolicy.parse(name);
    if (retries < 0 || (retries > 0 && parsed.name() != RestartPolicy.Name.ON_FAILURE)) {
      throw HttpException.badRequest(
          "maximum retry count goes with the restart policy on-failure and is not negative");
    }
    return new RestartPolicy(parsed.name(), retries);
  }

  private static NetworkingSpec networking(Body config, Body host) {
    Set<PortSpec> exposed = new HashSet<>();
    config.keys("ExposedPorts").forEach(port -> exposed.add(PortSpec.parse(port)));
    Map<String, EndpointSpec> endpoints =
        config.object("NetworkingConfig").objectMap("EndpointsConfig", CreateBody::endpoint);
    return new NetworkingSpec(
        config.flag("NetworkDisabled") ? "none" : host.text("NetworkMode", "default"),
        endpoints,
        exposed,
        published(host),
        host.flag("PublishAllPorts"),
        config.flag("NetworkDisabled"),
        config.text("Hostname"),
        config.text("Domainname"),
        config.text("MacAddress"),
        host.strings("Dns"),
        host.strings("DnsOptions"),
        host.strings("DnsSearch"),
        host.strings("ExtraHosts"),
        host.strings("Links"));
  }

  static EndpointSpec endpoint(Body endpoint) {
    Body addresses = endpoint.object("IPAMConfig");
    return new EndpointSpec(
        endpoint.strings("Aliases"),
        endpoint.strings("Links"),
        addresses.text("IPv4Address"),
        addresses.text("IPv6Address"),
        endpoint.text("MacAddress"),
        endpoint.stringMap("DriverOpts"));
  }

  private static List<PortBinding> published(Body host) {
    List<PortBinding> found = new ArrayList<>();
    Body bindings = host.object("PortBindings");
    for (String key : bindings.node().propertyNames()) {
      PortSpec port = PortSpec.parse(key);
      List<PortBinding> each =
          bindings.objects(
              key,
              binding -> binding(port, binding.text("HostIp", ""), binding.text("HostPort", "")));
      found.addAll(each.isEmpty() ? List.of(binding(port, "", "")) : each);
    }
    return List.copyOf(found);
  }

  private static PortBinding binding(PortSpec port, String address, String hostPort) {
    if (hostPort.isEmpty()) {
      return new PortBinding(port, address, 0);
    }
    int dash = hostPort.indexOf('-');
    try {
      int first = Integer.parseInt(dash < 0 ? hostPort : hostPort.substring(0, dash));
      int last = dash < 0 ? first : Integer.parseInt(hostPort.substring(dash + 1));
      if (first < 0 || last > 65_535 || last < first) {
        throw new NumberFormatException();
      }
      return new PortBinding(port, address, first, last);
    } catch (NumberFormatException malformed) {
      throw HttpException.badRequest(
          "invalid host port '" + hostPort + "' for " + port + ": write 8080 or 8000-8010");
    }
  }

  private static SecuritySpec security(Body host) {
    return new SecuritySpec(
        host.flag("Privileged"),
        host.strings("CapAdd"),
        host.strings("CapDrop"),
        host.strings("SecurityOpt"),
        host.strings("GroupAdd"),
        host.optionalStrings("MaskedPaths"),
        host.optionalStrings("ReadonlyPaths"));
  }

  private static NamespaceSpec namespaces(Body host) {
    return new NamespaceSpec(
        host.text("IpcMode", ""),
        host.text("PidMode", ""),
        host.text("UTSMode", ""),
        host.text("UsernsMode", ""),
        host.text("CgroupnsMode", ""),
        host.text("CgroupParent", ""),
        host.stringMap("Sysctls"));
  }
}
