/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.solve;

import dev.caisson.build.BuildClient;
import dev.caisson.build.BuildException;
import dev.caisson.build.BuildRequest;
import dev.caisson.engine.spec.RegistryAuth;
import dev.caisson.engine.spec.ResourceSpec;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The attributes with which clients tell BuildKit's Dockerfile front end what they want.
 *
 * <p>Source: the Dockerfile front end of BuildKit, as buildx and the docker command line call it.
 */
record Attributes(Map<String, String> values) {
  private static final Pattern SYNTAX =
      Pattern.compile("(?:^|\\n)#\\s*syntax\\s*=\\s*(\\S+)", Pattern.CASE_INSENSITIVE);

  /** Repositories of the front end that ours stands in for. */
  private static final Set<String> OURS =
      Set.of(
          "docker/dockerfile",
          "docker/dockerfile-upstream",
          "docker.io/docker/dockerfile",
          "docker.io/docker/dockerfile-upstream");

  /** What a client may ask for that changes nothing here. */
  private static final Set<String> WITHOUT_EFFECT =
      Set.of("cgroup-parent", "shm-size", "ulimit", "cache-from", "cache-imports");

  private static final List<String> FRONTENDS = List.of("dockerfile.v0", "gateway.v0");

  Attributes {
    values = Map.copyOf(values);
  }

  String get(String name, String otherwise) {
    return values.getOrDefault(name, otherwise);
  }

  private Map<String, String> withPrefix(String prefix) {
    Map<String, String> found = new LinkedHashMap<>();
    values.forEach((name, value) -> {
      if (name.startsWith(prefix)) {
        found.put(name.substring(prefix.length()), value);
      }
    });
    return found;
  }

  /** Contexts beside the main one, by name. */
  Map<String, String> namedContexts() {
    return withPrefix("context:");
  }

  /**
   * @throws BuildException for a front end that is not ours, or a question that only BuildKit's
   *     answers
   */
  void check(String frontend) {
    if (!FRONTENDS.contains(frontend)) {
      throw new BuildException(
          "this engine has no front end '" + frontend + "': it executes Dockerfiles");
    }
    if (frontend.equals("gateway.v0")) {
      checkSyntax(get("source", ""));
    }
    if (values.containsKey("build-arg:BUILDKIT_SYNTAX")) {
      checkSyntax(get("build-arg:BUILDKIT_SYNTAX", ""));
    }
    String question = get("requestid", "");
    if (!question.isEmpty()) {
      throw new BuildException("unsupported request " + question + ": this engine only builds");
    }
    if (get("platform", "").contains(",")) {
      throw new BuildException(
          "this engine builds for one platform at a time, not for " + get("platform", ""));
    }
  }

  /** Attributes that were given and have no effect, in order. */
  List<String> withoutEffect() {
    return values.entrySet().stream()
        .filter(each -> !each.getValue().isEmpty() && !each.getValue().equals("[]"))
        .map(Map.Entry::getKey)
        .filter(name -> WITHOUT_EFFECT.contains(name) || name.startsWith("attest:"))
        .sorted()
        .toList();
  }

  /** A Dockerfile's first comments may name the front end that understands it. */
  static void checkSyntaxOf(String dockerfile) {
    StringBuilder comments = new StringBuilder();
    for (String line : dockerfile.lines().toList()) {
      if (!line.isBlank() && !line.stripLeading().startsWith("#")) {
        break;
      }
      comments.append(line.strip()).append('\n');
    }
    Matcher syntax = SYNTAX.matcher(comments);
    if (syntax.find()) {
      checkSyntax(syntax.group(1));
    }
  }

  private static void checkSyntax(String image) {
    String name = image.strip().split("\\s+")[0];
    int at = name.indexOf('@');
    String bare = at < 0 ? name : name.substring(0, at);
    int colon = bare.lastIndexOf(':');
    String repository = colon > bare.lastIndexOf('/') ? bare.substring(0, colon) : bare;
    if (!OURS.contains(repository)) {
      throw new BuildException(
          "syntax '"
              + image
              + "' is a front end of its own; this engine understands docker/dockerfile only");
    }
  }

  /** Asks for what the attributes say. */
  BuildRequest request(
      String recipe,
      BuildClient client,
      Map<String, String> namedImages,
      Function<String, RegistryAuth> logins) {
    Map<String, String> arguments = withPrefix("build-arg:");
    arguments.keySet().removeIf(name -> name.startsWith("BUILDKIT_"));
    String network = get("force-network-mode", "");
    return new BuildRequest(
        get("filename", "Dockerfile"),
        List.of(),
        arguments,
        withPrefix("label:"),
        Optional.of(get("target", "")).filter(name -> !name.isEmpty()),
        Optional.of(get("platform", "")).filter(name -> !name.isEmpty()),
        values.containsKey("no-cache"),
        get("image-resolve-mode", "").equals("pull"),
        network.equals("default") || network.equals("sandbox") ? "" : network,
        hosts(),
        ResourceSpec.unlimited(),
        client,
        namedImages,
        Optional.of(recipe),
        logins);
  }

  /** {@code name=address} separated by commas, for us with a colon. */
  private List<String> hosts() {
    String text = get("add-hosts", "");
    return text.isEmpty()
        ? List.of()
        : List.of(text.split(",")).stream().map(host -> host.replaceFirst("=", ":")).toList();
  }
}
