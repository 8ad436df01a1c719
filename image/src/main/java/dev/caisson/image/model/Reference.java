/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.model;

import dev.caisson.image.ImageException;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Where an image is found: registry, repository, and a tag or digest or both.
 *
 * <p>Short names are completed as Docker does it: no registry means {@value #DEFAULT_REGISTRY}, one
 * bare component there means {@code library/NAME}, and neither tag nor digest means {@code latest}.
 * The grammar is that of the distribution project's reference package.
 *
 * @param registry host, optionally with port; never empty
 * @param repository slash-separated lower-case path below the registry
 */
public record Reference(
    String registry, String repository, Optional<String> tag, Optional<Digest> digest) {
  /** The registry Docker means when a name has none. */
  public static final String DEFAULT_REGISTRY = "docker.io";

  public static final String DEFAULT_TAG = "latest";

  private static final String DEFAULT_NAMESPACE = "library/";
  private static final int MAX_NAME = 255;
  private static final int MAX_TEXT = 1024;
  private static final Pattern REGISTRY =
      Pattern.compile(
          "(?:\\[[0-9a-fA-F:]{2,45}]|[a-zA-Z0-9](?:[a-zA-Z0-9-]*+(?<!-))?"
              + "(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*+(?<!-))?)*)(?::[0-9]{1,5})?");
  private static final Pattern REPOSITORY =
      Pattern.compile(component() + "(?:/" + component() + ")*+");
  private static final Pattern TAG = Pattern.compile("\\w[\\w.-]{0,127}");
  private static final Pattern IMAGE_ID = Pattern.compile("[0-9a-f]{64}");

  public Reference {
    require(REGISTRY.matcher(registry).matches(), registry, "is no registry host");
    require(
        REPOSITORY.matcher(repository).matches(),
        repository.startsWith(DEFAULT_NAMESPACE)
            ? repository.substring(DEFAULT_NAMESPACE.length())
            : repository,
        "is no repository; use lower-case letters, digits, and single . _ - between them");
    require(
        registry.length() + 1 + repository.length() <= MAX_NAME,
        repository,
        "is longer than " + MAX_NAME + " characters");
    tag.ifPresent(t -> require(TAG.matcher(t).matches(), t, "is no tag"));
  }

  /**
   * Reads a name as people write it, such as {@code busybox}, {@code me/app:1.2} or {@code
   * host:5000/app@sha256:...}.
   *
   * @throws ImageException INVALID when it is no image name
   */
  public static Reference parse(String text) {
    require(!text.isEmpty() && text.length() <= MAX_TEXT, text, "is no image name");
    var rest = text;
    Optional<Digest> digest = Optional.empty();
    int at = rest.indexOf('@');
    if (at >= 0) {
      digest = Optional.of(Digest.parse(rest.substring(at + 1)));
      rest = rest.substring(0, at);
    }
    Optional<String> tag = Optional.empty();
    int colon = rest.lastIndexOf(':');
    if (colon > rest.lastIndexOf('/')) {
      tag = Optional.of(rest.substring(colon + 1));
      rest = rest.substring(0, colon);
    }
    if (tag.isEmpty() && digest.isEmpty()) {
      tag = Optional.of(DEFAULT_TAG);
    }
    require(!IMAGE_ID.matcher(rest).matches(), rest, "is an image id, not an image name");
    return named(rest, tag, digest);
  }

  private static Reference named(String name, Optional<String> tag, Optional<Digest> digest) {
    int slash = name.indexOf('/');
    var first = slash < 0 ? "" : name.substring(0, slash);
    boolean hasRegistry = looksLikeRegistry(first);
    var registry = hasRegistry ? first : DEFAULT_REGISTRY;
    var repository = hasRegistry ? name.substring(slash + 1) : name;
    if (registry.equals("index." + DEFAULT_REGISTRY)) {
      registry = DEFAULT_REGISTRY;
    }
    if (registry.equals(DEFAULT_REGISTRY) && repository.indexOf('/') < 0) {
      repository = DEFAULT_NAMESPACE + repository;
    }
    return new Reference(registry, repository, tag, digest);
  }

  // "me/app" is a user's repository, "me.example/app", "me:80/app" and "ME/app" name a host.
  private static boolean looksLikeRegistry(String first) {
    if (first.isEmpty()) {
      return false;
    }
    return first.indexOf('.') >= 0
        || first.indexOf(':') >= 0
        || first.equals("localhost")
        || !first.equals(first.toLowerCase(Locale.ROOT));
  }

  /** {@code registry/repository}, without tag and digest. */
  public String name() {
    return registry + "/" + repository;
  }

  /** The name as short as Docker prints it: without the parts that parsing would add again. */
  public String familiarName() {
    if (!registry.equals(DEFAULT_REGISTRY)) {
      return name();
    }
    return repository.startsWith(DEFAULT_NAMESPACE)
            && repository.indexOf('/', DEFAULT_NAMESPACE.length()) < 0
        ? repository.substring(DEFAULT_NAMESPACE.length())
        : repository;
  }

  /** {@link #familiarName} with tag and digest. */
  public String familiar() {
    return familiarName() + suffix();
  }

  /** What a registry is asked for: the digest if there is one, else the tag. */
  public String tagOrDigest() {
    return digest.map(Digest::toString).or(() -> tag).orElse(DEFAULT_TAG);
  }

  /** The same repository, pinned to {@code exact} and without a tag. */
  public Reference withDigest(Digest exact) {
    return new Reference(registry, repository, Optional.empty(), Optional.of(exact));
  }

  /** The complete name, which parses to an equal reference. */
  @Override
  public String toString() {
    return name() + suffix();
  }

  private String suffix() {
    return tag.map(t -> ":" + t).orElse("") + digest.map(d -> "@" + d).orElse("");
  }

  private static String component() {
    return "[a-z0-9]++(?:(?:\\.|__?+|-++)[a-z0-9]++)*+";
  }

  private static void require(boolean holds, String subject, String complaint) {
    if (!holds) {
      var shown = subject.length() <= 100 ? subject : subject.substring(0, 100) + "...";
      throw new ImageException(
          ImageException.Kind.INVALID, "invalid reference format: \"" + shown + "\" " + complaint);
    }
  }
}
