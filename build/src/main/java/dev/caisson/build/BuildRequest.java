/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import dev.caisson.engine.spec.RegistryAuth;
import dev.caisson.engine.spec.ResourceSpec;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * What a build is asked for.
 *
 * @param dockerfile path in the context, {@code Dockerfile} unless said otherwise
 * @param tags names for the result
 * @param arguments values of ARG instructions; an empty one takes the environment of nobody
 * @param labels added to the result
 * @param target stage to stop at; empty for the last
 * @param platform as {@code linux/amd64}
 * @param noCache executes every instruction anew
 * @param pull asks the registry for newer base images even when there is a local one
 * @param networkMode of RUN instructions; empty for the default
 * @param extraHosts {@code name:address} for RUN instructions
 * @param resources of RUN instructions
 * @param client lends secrets and agents to commands
 * @param namedImages names that stand for other images in FROM and {@code --from}
 * @param recipe text of the Dockerfile itself, when it is not in the context
 * @param logins credentials by registry
 */
public record BuildRequest(
    String dockerfile,
    List<String> tags,
    Map<String, String> arguments,
    Map<String, String> labels,
    Optional<String> target,
    Optional<String> platform,
    boolean noCache,
    boolean pull,
    String networkMode,
    List<String> extraHosts,
    ResourceSpec resources,
    BuildClient client,
    Map<String, String> namedImages,
    Optional<String> recipe,
    Function<String, RegistryAuth> logins) {
  public BuildRequest {
    tags = List.copyOf(tags);
    arguments = Map.copyOf(arguments);
    labels = Map.copyOf(labels);
    extraHosts = List.copyOf(extraHosts);
    namedImages = Map.copyOf(namedImages);
  }

  /** The file {@code Dockerfile}, named {@code tag}. */
  public static BuildRequest of(String tag) {
    return new BuildRequest(
        "Dockerfile",
        List.of(tag),
        Map.of(),
        Map.of(),
        Optional.empty(),
        Optional.empty(),
        false,
        false,
        "",
        List.of(),
        ResourceSpec.unlimited(),
        BuildClient.lending(Map.of()),
        Map.of(),
        Optional.empty(),
        server -> RegistryAuth.anonymous());
  }
}
