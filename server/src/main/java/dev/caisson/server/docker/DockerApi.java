/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.Engine;
import dev.caisson.server.http.ApiVersion;
import dev.caisson.server.http.Dialect;
import dev.caisson.server.http.HttpException;
import dev.caisson.server.http.RequestLog;
import dev.caisson.server.http.RouteTable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The Docker Engine API: every route, and the versions spoken.
 *
 * <p>Source: the Docker Engine API reference, v1.51; behaviour that it leaves open is dockerd's.
 */
public final class DockerApi {
  public static final ApiVersion NEWEST = new ApiVersion(1, 51);

  /** The Docker release whose API this is; clients refuse what looks too old. */
  static final String RELEASE = "28.3.0";

  public static final ApiVersion OLDEST = new ApiVersion(1, 24);
  private static final Pattern VERSIONED = Pattern.compile("/v(\\d+\\.\\d+)(/.*)");

  private DockerApi() {}

  /** All routes, in the order they are tried. */
  static RouteTable routes(Engine engine, HostAccess access) {
    RouteTable routes = new RouteTable();
    new SystemRoutes(engine).addTo(routes);
    new ContainerRoutes(engine, access).addTo(routes);
    new ContainerStreams(engine).addTo(routes);
    new ContainerFiles(engine).addTo(routes);
    new CheckpointRoutes(engine).addTo(routes);
    new ExecRoutes(engine, access).addTo(routes);
    BuildKitRoutes buildKit = new BuildKitRoutes(engine, access);
    new BuildRoutes(engine, access, buildKit).addTo(routes);
    buildKit.addTo(routes);
    new ImageRoutes(engine).addTo(routes);
    new NetworkRoutes(engine).addTo(routes);
    new VolumeRoutes(engine, access).addTo(routes);
    SwarmRoutes.addTo(routes);
    return routes;
  }

  /** The API as an HTTP dialect. */
  static Dialect dialect(Engine engine, HostAccess access, RequestLog log) {
    return new Dialect(routes(engine, access), DockerApi::split, ErrorForms::of, log);
  }

  static Dialect.Versioned split(String path) {
    Matcher versioned = VERSIONED.matcher(path);
    if (!versioned.matches()) {
      return new Dialect.Versioned(NEWEST, path);
    }
    ApiVersion version = ApiVersion.parse(versioned.group(1));
    if (version.compareTo(NEWEST) > 0) {
      throw HttpException.badRequest(
          "client version " + version + " is too new. Maximum supported API version is " + NEWEST);
    }
    if (version.compareTo(OLDEST) < 0) {
      throw HttpException.badRequest(
          "client version "
              + version
              + " is too old. Minimum supported API version is "
              + OLDEST
              + ", please upgrade your client to a newer version");
    }
    return new Dialect.Versioned(version, versioned.group(2));
  }
}
