/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.workload;

import dev.caisson.sandbox.SandboxException;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * All that an isolation must know to run something: fully resolved, checked once, immutable.
 *
 * <p>Nothing in it comes from an image's labels: those are words for people, never orders.
 *
 * <pre>
 * Workload.builder("web1", root).process(Program.of("nginx").build()).build()
 * </pre>
 *
 * @param id unique on the host, 1 to 64 letters, digits, '_', '.', '-'; names cgroups and the like
 * @param name for people
 * @param hostname 1 to 64 bytes; empty with the host's UTS namespace
 * @param domainname the NIS domain name, or empty
 * @param sysctls only those that belong to a namespace the workload has of its own
 * @param annotations kept for people and tools; they give no orders
 */
public record Workload(
    String id,
    String name,
    RootFilesystem root,
    Program process,
    String hostname,
    String domainname,
    Mounts mounts,
    Devices devices,
    Namespaces namespaces,
    Security security,
    Resources resources,
    Map<String, String> sysctls,
    NetworkAttachment network,
    LogPolicy log,
    StopPolicy stop,
    Map<String, String> annotations) {

  private static final Pattern ID = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9_.-]{0,63}");
  private static final Pattern HOSTNAME = Pattern.compile("[a-zA-Z0-9]([a-zA-Z0-9.-]{0,63})");
  private static final Pattern SYSCTL = Pattern.compile("[a-z0-9_]+([./][a-zA-Z0-9_-]+)+");

  public Workload {
    if (!ID.matcher(id).matches()) {
      throw SandboxException.invalid("id \"" + id + "\"", "must match " + ID);
    }
    if (!hostname.isEmpty() && (hostname.length() > 64 || !HOSTNAME.matcher(hostname).matches())) {
      throw SandboxException.invalid("hostname \"" + hostname + "\"", "must match " + HOSTNAME);
    }
    Text.check("domain name", domainname, 64);
    sysctls = Map.copyOf(sysctls);
    sysctls.forEach(Workload::checkSysctl);
    annotations = Map.copyOf(annotations);
  }

  private static void checkSysctl(String key, String value) {
    if (!SYSCTL.matcher(key).matches() || key.contains("..")) {
      throw SandboxException.invalid("sysctl \"" + key + "\"", "is not the name of one setting");
    }
    Text.check("sysctl " + key, value, 4096);
  }

  public static Builder builder(String id, RootFilesystem root) {
    return new Builder(id, root);
  }

  /** A builder that starts from this one's values, with another run's id or settings in mind. */
  public Builder toBuilder() {
    return new Builder(this);
  }

  /** Collects a workload; what is not set gets Docker's default. */
  public static final class Builder {
    private final String id;
    private final RootFilesystem root;
    private String name;
    private Program process = Program.of("/bin/sh").build();
    private String hostname;
    private String domainname = "";
    private Mounts mounts = Mounts.NONE;
    private Devices devices = Devices.NONE;
    private Namespaces namespaces = Namespaces.PRIVATE;
    private Security security = Security.DEFAULT;
    private Resources resources = Resources.UNLIMITED;
    private Map<String, String> sysctls = Map.of();
    private NetworkAttachment network = NetworkAttachment.NONE;
    private LogPolicy log = LogPolicy.DEFAULT;
    private StopPolicy stop = StopPolicy.DEFAULT;
    private Map<String, String> annotations = Map.of();

    private Builder(String id, RootFilesystem root) {
      this.id = id;
      this.root = root;
      this.name = id;
      this.hostname = id.length() > 12 ? id.substring(0, 12) : id;
    }

    private Builder(Workload from) {
      this.id = from.id;
      this.root = from.root;
      this.name = from.name;
      this.process = from.process;
      this.hostname = from.hostname;
      this.domainname = from.domainname;
      this.mounts = from.mounts;
      this.devices = from.devices;
      this.namespaces = from.namespaces;
      this.security = from.security;
      this.resources = from.resources;
      this.sysctls = from.sysctls;
      this.network = from.network;
      this.log = from.log;
      this.stop = from.stop;
      this.annotations = from.annotations;
    }

    public Builder name(String value) {
      name = value;
      return this;
    }

    public Builder process(Program value) {
      process = value;
      return this;
    }

    public Builder hostname(String value) {
      hostname = value;
      return this;
    }

    public Builder domainname(String value) {
      domainname = value;
      return this;
    }

    public Builder mounts(Mounts value) {
      mounts = value;
      return this;
    }

    public Builder devices(Devices value) {
      devices = value;
      return this;
    }

    public Builder namespaces(Namespaces value) {
      namespaces = value;
      return this;
    }

    public Builder security(Security value) {
      security = value;
      return this;
    }

    public Builder resources(Resources value) {
      resources = value;
      return this;
    }

    public Builder sysctls(Map<String, String> value) {
      sysctls = value;
      return this;
    }

    public Builder network(NetworkAttachment value) {
      network = value;
      return this;
    }

    public Builder log(LogPolicy value) {
      log = value;
      return this;
    }

    public Builder stop(StopPolicy value) {
      stop = value;
      return this;
    }

    public Builder annotations(Map<String, String> value) {
      annotations = value;
      return this;
    }

    public Workload build() {
      return new Workload(
          id,
          name,
          root,
          process,
          hostname,
          domainname,
          mounts,
          devices,
          namespaces,
          security,
          resources,
          sysctls,
          network,
          log,
          stop,
          annotations);
    }
  }
}
