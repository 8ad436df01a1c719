/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.Engine;
import dev.caisson.engine.Volumes;
import dev.caisson.engine.spec.VolumeSpec;
import dev.caisson.engine.view.VolumeInfo;
import dev.caisson.server.http.Exchange;
import dev.caisson.server.http.Json;
import dev.caisson.server.http.RouteTable;
import java.io.IOException;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code /volumes}. */
final class VolumeRoutes {
  private final Volumes volumes;
  private final HostAccess access;

  VolumeRoutes(Engine engine, HostAccess access) {
    this.access = access;
    this.volumes = engine.volumes();
  }

  void addTo(RouteTable routes) {
    routes
        .get(
            "/volumes",
            exchange -> {
              ObjectNode json = Json.object();
              ArrayNode list = json.putArray("Volumes");
              volumes.list(Queries.filters(exchange)).forEach(each -> list.add(volume(each)));
              json.putNull("Warnings");
              exchange.json(json);
            })
        .post("/volumes/create", this::create)
        .post(
            "/volumes/prune",
            exchange ->
                exchange.json(
                    Reports.pruned("VolumesDeleted", volumes.prune(Queries.filters(exchange)))))
        .get(
            "/volumes/{name}",
            exchange -> exchange.json(volume(volumes.inspect(exchange.path("name")))))
        .add("PUT", "/volumes/{name}", SwarmRoutes.NOTE, SwarmRoutes.REFUSE)
        .delete(
            "/volumes/{name}",
            exchange -> {
              volumes.remove(exchange.path("name"), exchange.flag("force"));
              exchange.empty(204);
            });
  }

  private void create(Exchange exchange) throws IOException {
    Body body = Body.of(exchange.json());
    VolumeSpec spec =
        new VolumeSpec(
            body.text("Name", ""),
            body.text("Driver", "local"),
            body.stringMap("DriverOpts"),
            body.stringMap("Labels"));
    HostAccess.device(spec.options())
        .ifPresent(device -> access.check(HostAccess.Kind.HOST_PATHS, device, exchange.client()));
    exchange.json(201, volume(volumes.create(spec)));
  }

  static ObjectNode volume(VolumeInfo info) {
    ObjectNode json = Json.object();
    json.put("CreatedAt", Times.rfc3339Nano(info.created()));
    json.put("Driver", info.driver());
    json.set("Labels", info.labels().isEmpty() ? null : Json.strings(info.labels()));
    json.put("Mountpoint", info.mountpoint().toString());
    json.put("Name", info.name());
    json.set("Options", info.options().isEmpty() ? null : Json.strings(info.options()));
    json.put("Scope", "local");
    info.size()
        .ifPresent(size ->
            json.putObject("UsageData").put("RefCount", info.references()).put("Size", size));
    return json;
  }
}
