/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.Engine;
import dev.caisson.engine.Filters;
import dev.caisson.engine.Images;
import dev.caisson.engine.spec.CommitSpec;
import dev.caisson.engine.spec.RegistryAuth;
import dev.caisson.engine.view.ImageDeletion;
import dev.caisson.engine.view.ImageHistory;
import dev.caisson.engine.view.ImageSummary;
import dev.caisson.engine.view.PruneReport;
import dev.caisson.engine.view.RemoteImage;
import dev.caisson.server.http.Exchange;
import dev.caisson.server.http.HttpException;
import dev.caisson.server.http.Json;
import dev.caisson.server.http.RouteTable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code /images}, {@code /commit} and {@code /distribution}. */
final class ImageRoutes {
  private static final String TAR = "application/x-tar";

  private final Engine engine;
  private final Images images;

  ImageRoutes(Engine engine) {
    this.engine = engine;
    this.images = engine.images();
  }

  void addTo(RouteTable routes) {
    routes
        .get("/images/json", this::list)
        .post("/images/create", this::create)
        .post("/images/load", this::load)
        .post("/images/prune", this::prune)
        .add(
            "GET",
            "/images/search",
            "a registry named in the term is asked; there is no hub",
            this::search)
        .get("/images/get", exchange -> save(exchange, exchange.queryAll("names")))
        .get("/images/{name*}/get", exchange -> save(exchange, List.of(exchange.path("name"))))
        .get(
            "/images/{name*}/json",
            exchange -> exchange.json(ImageJson.inspect(images.inspect(exchange.path("name")))))
        .get("/images/{name*}/history", this::history)
        .post("/images/{name*}/push", this::push)
        .post("/images/{name*}/tag", this::tag)
        .delete("/images/{name*}", this::remove)
        .post("/commit", this::commit)
        .get("/distribution/{name*}/json", this::distribution);
  }

  private void prune(Exchange exchange) throws IOException {
    PruneReport report = images.prune(Queries.filters(exchange));
    ObjectNode json = Json.object();
    ArrayNode deleted = json.putArray("ImagesDeleted");
    report.removed().forEach(gone -> deletion(deleted.addObject(), gone));
    exchange.json(json.put("SpaceReclaimed", report.reclaimed()));
  }

  private void tag(Exchange exchange) throws IOException {
    String repository =
        exchange
            .query("repo")
            .orElseThrow(() -> HttpException.badRequest("the query parameter repo is missing"));
    images.tag(exchange.path("name"), named(repository, exchange.query("tag", "")));
    exchange.empty(201);
  }

  private void search(Exchange exchange) throws IOException {
    String term =
        exchange
            .query("term")
            .orElseThrow(() -> HttpException.badRequest("the query parameter term is missing"));
    ArrayNode json = Json.array();
    images.search(term, Queries.auth(exchange)).stream()
        .limit(exchange.number("limit").filter(limit -> limit > 0).orElse(25))
        .forEach(name ->
            json.addObject()
                .put("name", name)
                .put("description", "")
                .put("star_count", 0)
                .put("is_official", false)
                .put("is_automated", false));
    exchange.json(json);
  }

  private void list(Exchange exchange) throws IOException {
    ArrayNode json = Json.array();
    Filters filters = Queries.filters(exchange);
    Optional<String> older = exchange.query("filter");
    if (older.isPresent() && !exchange.version().atLeast(1, 41)) {
      filters = filters.with("reference", older.get());
    }
    for (ImageSummary each : images.list(exchange.flag("all"), filters)) {
      json.add(ImageJson.summary(each));
    }
    exchange.json(json);
  }

  /** A repository with its tag or digest, as clients send them apart. */
  static String named(String repository, String tag) {
    if (tag.isEmpty()) {
      return repository;
    }
    return repository + (tag.startsWith("sha256:") ? "@" : ":") + tag;
  }

  private void create(Exchange exchange) throws IOException {
    Optional<String> source = exchange.query("fromSrc");
    if (source.isPresent()) {
      importRoot(exchange, source.get());
      return;
    }
    String repository =
        exchange
            .query("fromImage")
            .orElseThrow(() -> HttpException.badRequest("name an image with fromImage"));
    String reference = named(repository, exchange.query("tag", ""));
    RegistryAuth auth = Queries.auth(exchange);
    Progress.report(
        exchange,
        progress -> {
          String id = images.pull(reference, Queries.platform(exchange), auth, progress);
          progress.status("Digest: " + digest(id));
          progress.status("Status: Downloaded image for " + reference);
        });
  }

  private String digest(String id) {
    return images.inspect(id).digests().stream()
        .map(each -> each.substring(each.indexOf('@') + 1))
        .findFirst()
        .orElse(id);
  }

  private void importRoot(Exchange exchange, String source) throws IOException {
    Optional<String> reference =
        exchange.query("repo").map(repository -> named(repository, exchange.query("tag", "")));
    Progress.report(
        exchange,
        progress -> {
          try (InputStream body = source.equals("-") ? exchange.body() : open(source);
              InputStream tar = Streams.decompressed(body)) {
            String id =
                images.importRoot(
                    tar,
                    reference,
                    exchange.query("message", ""),
                    exchange.queryAll("changes"),
                    Queries.platform(exchange));
            progress.status(id);
          }
        });
  }

  private static InputStream open(String source) throws IOException {
    URI address = URI.create(source);
    if (!"http".equals(address.getScheme()) && !"https".equals(address.getScheme())) {
      throw HttpException.badRequest("fromSrc is '-' or an http(s) address, not '" + source + "'");
    }
    return address.toURL().openStream();
  }

  private void load(Exchange exchange) throws IOException {
    Progress.report(
        exchange,
        progress -> {
          try (InputStream body = exchange.body()) {
            for (String name : images.load(body, exchange.flag("quiet") ? step -> {} : progress)) {
              progress.stream(
                  (name.startsWith("sha256:") ? "Loaded image ID: " : "Loaded image: ")
                      + name
                      + "\n");
            }
          }
        });
  }

  private void save(Exchange exchange, List<String> names) throws IOException {
    if (names.isEmpty()) {
      throw HttpException.badRequest("name at least one image");
    }
    names.forEach(images::inspect); // a missing one is 404 before the stream begins
    try (OutputStream out = exchange.stream(200, TAR)) {
      images.save(names, out);
    }
  }

  private void history(Exchange exchange) throws IOException {
    ArrayNode json = Json.array();
    for (ImageHistory each : images.history(exchange.path("name"))) {
      ObjectNode step = json.addObject();
      step.put("Id", each.id());
      step.put("Created", each.created().getEpochSecond());
      step.put("CreatedBy", each.createdBy());
      step.set("Tags", each.tags().isEmpty() ? null : Json.strings(each.tags()));
      step.put("Size", each.size());
      step.put("Comment", each.comment());
    }
    exchange.json(json);
  }

  private void push(Exchange exchange) throws IOException {
    exchange.drain();
    String reference = named(exchange.path("name"), exchange.query("tag", ""));
    RegistryAuth auth = Queries.auth(exchange);
    images.inspect(reference);
    Progress.report(exchange, progress -> images.push(reference, auth, progress));
  }

  private void remove(Exchange exchange) throws IOException {
    ArrayNode json = Json.array();
    for (ImageDeletion each :
        images.remove(exchange.path("name"), exchange.flag("force"), !exchange.flag("noprune"))) {
      switch (each) {
        case ImageDeletion.Untagged untagged ->
            json.addObject().put("Untagged", untagged.reference());
        case ImageDeletion.Deleted deleted -> json.addObject().put("Deleted", deleted.id());
      }
    }
    exchange.json(json);
  }

  private void commit(Exchange exchange) throws IOException {
    JsonNode body = exchange.json();
    String container =
        exchange
            .query("container")
            .orElseThrow(
                () -> HttpException.badRequest("the query parameter container is missing"));
    List<String> changes = new ArrayList<>();
    exchange.queryAll("changes").forEach(each -> changes.addAll(each.lines().toList()));
    CommitSpec spec =
        new CommitSpec(
            exchange.query("repo").map(repository -> named(repository, exchange.query("tag", ""))),
            exchange.query("author", ""),
            exchange.query("comment", ""),
            exchange.flag("pause", true),
            changes,
            body.isEmpty() ? Optional.empty() : Optional.of(ImageJson.config(Body.of(body))),
            Optional.empty());
    exchange.json(201, Json.object().put("Id", engine.containers().commit(container, spec)));
  }

  /** {@code untagged: NAME} or {@code deleted: ID}, as the engine reports it. */
  private static void deletion(ObjectNode json, String gone) {
    int colon = gone.indexOf(": ");
    boolean untagged = gone.startsWith("untagged: ");
    json.put(untagged ? "Untagged" : "Deleted", gone.substring(colon < 0 ? 0 : colon + 2));
  }

  private void distribution(Exchange exchange) throws IOException {
    RemoteImage remote = images.remote(exchange.path("name"), Queries.auth(exchange));
    ObjectNode json = Json.object();
    json.putObject("Descriptor")
        .put("mediaType", remote.mediaType())
        .put("digest", remote.digest())
        .put("size", remote.size());
    ArrayNode platforms = json.putArray("Platforms");
    for (String platform : remote.platforms()) {
      String[] parts = platform.split("/");
      ObjectNode each =
          platforms
              .addObject()
              .put("os", parts[0])
              .put("architecture", parts.length > 1 ? parts[1] : "");
      if (parts.length > 2) {
        each.put("variant", parts[2]);
      }
    }
    exchange.json(json);
  }
}
