/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.spec.EndpointSpec;
import dev.caisson.engine.spec.NetworkSpec;
import dev.caisson.engine.spec.PortBinding;
import dev.caisson.engine.spec.PortSpec;
import dev.caisson.engine.view.NetworkInfo;
import dev.caisson.engine.view.NetworkView;
import dev.caisson.server.http.Json;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Networks, endpoints and ports as Docker writes them. */
final class NetworkJson {
  private NetworkJson() {}

  static ObjectNode network(NetworkInfo info, boolean withContainers) {
    ObjectNode json = Json.object();
    json.put("Name", info.name());
    json.put("Id", info.id());
    json.put("Created", Times.rfc3339Nano(info.created()));
    json.put("Scope", info.scope());
    json.put("Driver", info.driver());
    json.put("EnableIPv4", true);
    json.put("EnableIPv6", info.ipv6());
    addresses(json.putObject("IPAM"), info);
    json.put("Internal", info.internal());
    json.put("Attachable", info.attachable());
    json.put("Ingress", false);
    json.putObject("ConfigFrom").put("Network", "");
    json.put("ConfigOnly", false);
    ObjectNode containers = json.putObject("Containers");
    if (withContainers) {
      members(containers, info);
    }
    json.set("Options", Json.strings(info.options()));
    json.set("Labels", Json.strings(info.labels()));
    return json;
  }

  private static void addresses(ObjectNode ipam, NetworkInfo info) {
    ipam.put("Driver", "default");
    ipam.putNull("Options");
    ArrayNode pools = ipam.putArray("Config");
    for (NetworkSpec.AddressPool pool : info.pools()) {
      ObjectNode each = pools.addObject();
      each.put("Subnet", pool.subnet());
      if (!pool.range().isEmpty()) {
        each.put("IPRange", pool.range());
      }
      each.put("Gateway", pool.gateway());
      if (!pool.auxiliaryAddresses().isEmpty()) {
        each.set("AuxiliaryAddresses", Json.strings(pool.auxiliaryAddresses()));
      }
    }
  }

  private static void members(ObjectNode containers, NetworkInfo info) {
    new TreeMap<>(info.containers())
        .forEach((id, member) ->
            containers
                .putObject(id)
                .put("Name", member.name())
                .put("EndpointID", member.endpointId())
                .put("MacAddress", member.macAddress())
                .put("IPv4Address", member.ipv4Address())
                .put("IPv6Address", member.ipv6Address()));
  }

  /** The Networks member of inspect and list: what is in effect, or what was asked for. */
  static ObjectNode endpoints(NetworkView view, Map<String, EndpointSpec> asked) {
    ObjectNode json = Json.object();
    new TreeMap<>(view.endpoints())
        .forEach((name, endpoint) ->
            json.set(name, endpoint(endpoint, Optional.ofNullable(asked.get(name)))));
    return json;
  }

  /** Before DNSNames, 1.45, the short id stood among the aliases in networks that users made. */
  static void aliasShortId(ObjectNode networks, String id) {
    for (String name : networks.propertyNames()) {
      if (!List.of("bridge", "host", "none").contains(name)
          && networks.get(name) instanceof ObjectNode endpoint) {
        ArrayNode aliases =
            endpoint.get("Aliases") instanceof ArrayNode known
                ? known
                : endpoint.putArray("Aliases");
        aliases.add(id.substring(0, 12));
      }
    }
  }

  private static ObjectNode endpoint(NetworkView.EndpointView view, Optional<EndpointSpec> asked) {
    ObjectNode json = Json.object();
    boolean fixed =
        asked
            .filter(spec -> spec.ipv4Address().isPresent() || spec.ipv6Address().isPresent())
            .isPresent();
    if (fixed) {
      ObjectNode ipam = json.putObject("IPAMConfig");
      asked
          .flatMap(EndpointSpec::ipv4Address)
          .ifPresent(address -> ipam.put("IPv4Address", address));
      asked
          .flatMap(EndpointSpec::ipv6Address)
          .ifPresent(address -> ipam.put("IPv6Address", address));
    } else {
      json.putNull("IPAMConfig");
    }
    json.putNull("Links");
    json.set("Aliases", view.aliases().isEmpty() ? null : Json.strings(view.aliases()));
    json.put("MacAddress", view.macAddress());
    json.putNull("DriverOpts");
    json.put("GwPriority", 0);
    json.put("NetworkID", view.networkId());
    json.put("EndpointID", view.endpointId());
    json.put("Gateway", view.gateway());
    json.put("IPAddress", view.ipv4Address());
    json.put("IPPrefixLen", view.ipv4PrefixLength());
    json.put("IPv6Gateway", view.ipv6Gateway());
    json.put("GlobalIPv6Address", view.ipv6Address());
    json.put("GlobalIPv6PrefixLen", view.ipv6PrefixLength());
    json.set("DNSNames", view.names().isEmpty() ? null : Json.strings(view.names()));
    return json;
  }

  /** The Ports member of inspect: every exposed port, null when it is not published. */
  static ObjectNode portMap(Collection<PortSpec> exposed, Collection<PortBinding> bindings) {
    ObjectNode json = Json.object();
    for (PortSpec port : new TreeSet<>(exposed)) {
      json.putNull(port.toString());
    }
    for (PortBinding binding : bindings) {
      String port = binding.port().toString();
      ArrayNode list = json.get(port) instanceof ArrayNode known ? known : json.putArray(port);
      list.add(binding(binding));
    }
    return json;
  }

  static ObjectNode binding(PortBinding binding) {
    String port =
        binding.hostPort() == 0
            ? ""
            : binding.hostPortEnd() > binding.hostPort()
                ? binding.hostPort() + "-" + binding.hostPortEnd()
                : Integer.toString(binding.hostPort());
    return Json.object().put("HostIp", binding.hostAddress()).put("HostPort", port);
  }

  /** The Ports member of a list: one object a binding. */
  static ArrayNode portList(NetworkView view) {
    ArrayNode list = Json.array();
    for (PortSpec port : new TreeSet<>(view.exposed())) {
      if (view.ports().stream().noneMatch(binding -> binding.port().equals(port))) {
        list.add(port(port));
      }
    }
    for (PortBinding binding : view.ports()) {
      ObjectNode each = port(binding.port());
      each.put("IP", binding.hostAddress().isEmpty() ? "0.0.0.0" : binding.hostAddress());
      each.put("PublicPort", binding.hostPort());
      list.add(each);
    }
    return list;
  }

  private static ObjectNode port(PortSpec port) {
    String text = port.toString();
    return Json.object()
        .put("PrivatePort", port.number())
        .put("Type", text.substring(text.indexOf('/') + 1));
  }
}
