/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.Engine;
import dev.caisson.engine.view.HostInfo;
import dev.caisson.server.http.ApiVersion;
import dev.caisson.server.http.Dialect;
import dev.caisson.server.http.RequestLog;
import dev.caisson.server.http.RouteTable;
import java.lang.management.ManagementFactory;
import java.util.Locale;

/** Figures in Prometheus' text exposition format 0.0.4, for a loopback listener. */
final class Metrics {
  private Metrics() {}

  static Dialect dialect(Engine engine) {
    RouteTable routes =
        new RouteTable()
            .get(
                "/metrics",
                exchange ->
                    exchange.text(200, "text/plain; version=0.0.4", page(engine.host().info())));
    return new Dialect(
        routes,
        path -> new Dialect.Versioned(new ApiVersion(0, 0), path),
        ErrorForms::of,
        RequestLog.none());
  }

  static String page(HostInfo info) {
    StringBuilder page = new StringBuilder();
    page.append(
        "# HELP caisson_containers Containers by state.\n# TYPE caisson_containers gauge\n");
    gauge(page, "caisson_containers{state=\"running\"}", info.running());
    gauge(page, "caisson_containers{state=\"paused\"}", info.paused());
    gauge(page, "caisson_containers{state=\"stopped\"}", info.stopped());
    page.append("# HELP caisson_images Images in the store.\n# TYPE caisson_images gauge\n");
    gauge(page, "caisson_images", info.images());
    Runtime runtime = Runtime.getRuntime();
    page.append(
        "# HELP caisson_heap_bytes Heap of the engine in use.\n# TYPE caisson_heap_bytes gauge\n");
    gauge(page, "caisson_heap_bytes", runtime.totalMemory() - runtime.freeMemory());
    page.append(
        "# HELP caisson_uptime_seconds Since the engine's start.\n# TYPE caisson_uptime_seconds counter\n");
    page.append(
        String.format(
            Locale.ROOT,
            "caisson_uptime_seconds %.3f%n",
            ManagementFactory.getRuntimeMXBean().getUptime() / 1e3));
    return page.toString();
  }

  private static void gauge(StringBuilder page, String name, long value) {
    page.append(name).append(' ').append(value).append('\n');
  }
}
