/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.spec;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Everything that can be said when a container is created. What an isolation cannot honour, create
 * refuses as UNSUPPORTED; nothing is dropped silently.
 *
 * @param image name, name with tag or digest, or id
 * @param platform as {@code linux/amd64}
 * @param isolation {@code container}, {@code thin}, {@code vm}; empty for the engine's default
 * @param autoRemove removes the container once it has exited
 * @param init runs a small init as process 1
 * @param stopSignal empty for the image's, else SIGTERM
 * @param stopTimeout empty for 10 s
 */
public record InstanceSpec(
    Optional<String> name,
    String image,
    Optional<String> platform,
    Optional<String> isolation,
    ProcessSpec process,
    NetworkingSpec networking,
    StorageSpec storage,
    SecuritySpec security,
    NamespaceSpec namespaces,
    ResourceSpec resources,
    Optional<HealthcheckSpec> healthcheck,
    RestartPolicy restartPolicy,
    LogSpec log,
    Map<String, String> labels,
    Map<String, String> annotations,
    boolean autoRemove,
    Optional<Boolean> init,
    Optional<String> stopSignal,
    Optional<Duration> stopTimeout,
    Optional<String> runtime) {
  public InstanceSpec {
    labels = Map.copyOf(labels);
    annotations = Map.copyOf(annotations);
  }

  /**
   * The annotation of a container that only serves work under way, such as a build: an engine that
   * comes up and still finds it removes it.
   */
  public static final String TEMPORARY = "dev.caisson.temporary";

  public boolean temporary() {
    return annotations.getOrDefault(TEMPORARY, "").equals("true");
  }

  /** A container of {@code image} with every default. */
  public static Builder of(String image) {
    return new Builder(image);
  }

  /** A builder that starts from this specification. */
  public Builder toBuilder() {
    return new Builder(this);
  }

  /** Collects what differs from the defaults. */
  public static final class Builder {
    private String image;
    private Optional<String> name = Optional.empty();
    private Optional<String> platform = Optional.empty();
    private Optional<String> isolation = Optional.empty();
    private ProcessSpec process = ProcessSpec.ofImage();
    private NetworkingSpec networking = NetworkingSpec.standard();
    private StorageSpec storage = StorageSpec.none();
    private SecuritySpec security = SecuritySpec.standard();
    private NamespaceSpec namespaces = NamespaceSpec.own();
    private ResourceSpec resources = ResourceSpec.unlimited();
    private Optional<HealthcheckSpec> healthcheck = Optional.empty();
    private RestartPolicy restartPolicy = RestartPolicy.no();
    private LogSpec log = LogSpec.standard();
    private Map<String, String> labels = Map.of();
    private Map<String, String> annotations = Map.of();
    private boolean autoRemove;
    private Optional<Boolean> init = Optional.empty();
    private Optional<String> stopSignal = Optional.empty();
    private Optional<Duration> stopTimeout = Optional.empty();
    private Optional<String> runtime = Optional.empty();

    private Builder(String image) {
      this.image = image;
    }

    private Builder(InstanceSpec spec) {
      image = spec.image;
      name = spec.name;
      platform = spec.platform;
      isolation = spec.isolation;
      process = spec.process;
      networking = spec.networking;
      storage = spec.storage;
      security = spec.security;
      namespaces = spec.namespaces;
      resources = spec.resources;
      healthcheck = spec.healthcheck;
      restartPolicy = spec.restartPolicy;
      log = spec.log;
      labels = spec.labels;
      annotations = spec.annotations;
      autoRemove = spec.autoRemove;
      init = spec.init;
      stopSignal = spec.stopSignal;
      stopTimeout = spec.stopTimeout;
      runtime = spec.runtime;
    }

    public Builder name(String value) {
      name = Optional.of(value);
      return this;
    }

    /** Empty for one that is made up. */
    public Builder name(Optional<String> value) {
      name = value;
      return this;
    }

    public Builder platform(Optional<String> value) {
      platform = value;
      return this;
    }

    public Builder isolation(String value) {
      isolation = Optional.of(value);
      return this;
    }

    /** The command with its arguments, in place of the image's. */
    public Builder command(String... words) {
      process = process.withCommand(List.of(words));
      return this;
    }

    public Builder process(ProcessSpec value) {
      process = value;
      return this;
    }

    public Builder networking(NetworkingSpec value) {
      networking = value;
      return this;
    }

    public Builder storage(StorageSpec value) {
      storage = value;
      return this;
    }

    public Builder security(SecuritySpec value) {
      security = value;
      return this;
    }

    public Builder namespaces(NamespaceSpec value) {
      namespaces = value;
      return this;
    }

    public Builder resources(ResourceSpec value) {
      resources = value;
      return this;
    }

    public Builder healthcheck(Optional<HealthcheckSpec> value) {
      healthcheck = value;
      return this;
    }

    public Builder restartPolicy(RestartPolicy value) {
      restartPolicy = value;
      return this;
    }

    public Builder log(LogSpec value) {
      log = value;
      return this;
    }

    public Builder labels(Map<String, String> value) {
      labels = value;
      return this;
    }

    public Builder annotations(Map<String, String> value) {
      annotations = value;
      return this;
    }

    public Builder autoRemove(boolean value) {
      autoRemove = value;
      return this;
    }

    public Builder init(Optional<Boolean> value) {
      init = value;
      return this;
    }

    public Builder stopSignal(Optional<String> value) {
      stopSignal = value;
      return this;
    }

    public Builder stopTimeout(Optional<Duration> value) {
      stopTimeout = value;
      return this;
    }

    public Builder runtime(Optional<String> value) {
      runtime = value;
      return this;
    }

    public InstanceSpec build() {
      return new InstanceSpec(
          name,
          image,
          platform,
          isolation,
          process,
          networking,
          storage,
          security,
          namespaces,
          resources,
          healthcheck,
          restartPolicy,
          log,
          labels,
          annotations,
          autoRemove,
          init,
          stopSignal,
          stopTimeout,
          runtime);
    }
  }
}
