/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Every request a dialect answers, in order: the first route that matches wins. */
public final class RouteTable {
  private final List<Route> routes = new ArrayList<>();

  public RouteTable get(String template, Handler handler) {
    return add("GET", template, "", handler);
  }

  public RouteTable head(String template, Handler handler) {
    return add("HEAD", template, "", handler);
  }

  public RouteTable post(String template, Handler handler) {
    return add("POST", template, "", handler);
  }

  public RouteTable put(String template, Handler handler) {
    return add("PUT", template, "", handler);
  }

  public RouteTable delete(String template, Handler handler) {
    return add("DELETE", template, "", handler);
  }

  /**
   * @param note how the answer differs from dockerd's, for the compatibility table
   */
  public RouteTable add(String method, String template, String note, Handler handler) {
    routes.add(Route.of(method, template, note, handler));
    return this;
  }

  public List<Route> routes() {
    return List.copyOf(routes);
  }

  /** The route for a request and the variables of its path. */
  public record Found(Route route, Map<String, String> variables) {}

  public Optional<Found> find(String method, String path) {
    for (Route route : routes) {
      if (route.method().equals(method)) {
        Optional<Map<String, String>> variables = route.match(path);
        if (variables.isPresent()) {
          return Optional.of(new Found(route, variables.get()));
        }
      }
    }
    return Optional.empty();
  }
}
