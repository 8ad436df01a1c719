/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch.seccomp;

import dev.caisson.sandbox.workload.Capability;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.StreamSupport;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads profiles in Docker's JSON format, and the {@code linux.seccomp} object of an OCI
 * configuration, which is the same without {@code includes} and {@code excludes}.
 */
public final class DockerProfile {
  private static final int MAX_LENGTH = 1 << 20;
  private static final int MAX_DEPTH = 20;
  private static final int EPERM = 1;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxDocumentLength(MAX_LENGTH)
                          .maxNestingDepth(MAX_DEPTH)
                          .build())
                  .build())
          .build();

  private final Set<Capability> held;
  private final KernelVersion kernel;

  private DockerProfile(Set<Capability> held, KernelVersion kernel) {
    this.held = held;
    this.kernel = kernel;
  }

  /** A kernel's version, for rules with {@code minKernel}. */
  public record KernelVersion(int major, int minor) {
    /** Reads "6.1", "6.1.0-25-amd64" and the like. */
    public static KernelVersion parse(String text) {
      String[] parts = text.split("[^0-9]+", 3);
      try {
        return new KernelVersion(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]));
      } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
        throw Profile.invalid("kernel version '" + text + "' is not MAJOR.MINOR");
      }
    }

    boolean isBefore(KernelVersion other) {
      return major != other.major ? major < other.major : minor < other.minor;
    }
  }

  /**
   * @param held the workload's capabilities (bounding set), which rules may ask for
   * @throws dev.caisson.launch.LaunchException INVALID_PROFILE, naming what is wrong
   */
  public static Profile parse(String json, Set<Capability> held, KernelVersion kernel) {
    try {
      return parse(MAPPER.readTree(json), held, kernel);
    } catch (JacksonException e) {
      throw Profile.invalid("it is not JSON of a sane size: " + e.getOriginalMessage());
    }
  }

  /** As {@link #parse(String, Set, KernelVersion)}, of a document already read. */
  public static Profile parse(JsonNode root, Set<Capability> held, KernelVersion kernel) {
    return new DockerProfile(held, kernel).profile(root);
  }

  private Profile profile(JsonNode root) {
    if (!root.isObject()) {
      throw Profile.invalid("it is not a JSON object");
    }
    Verdict standard = verdict(root, "defaultAction", "defaultErrnoRet");
    var rules = new ArrayList<Rule>();
    for (JsonNode entry : root.path("syscalls")) {
      if (applies(entry)) {
        rules.addAll(rules(entry));
      }
    }
    return new Profile(architectures(root), standard, rules);
  }

  /** x86-64 always, for that is what runs; 32-bit calls when the profile names them. */
  private static Set<SystemCallTable> architectures(JsonNode root) {
    var names = new HashSet<String>(texts(root.path("architectures")));
    for (JsonNode entry : root.path("archMap")) {
      if (entry.path("architecture").asString("").equals("SCMP_ARCH_X86_64")) {
        names.addAll(texts(entry.path("subArchitectures")));
      }
    }
    return names.contains("SCMP_ARCH_X86")
        ? EnumSet.allOf(SystemCallTable.class)
        : EnumSet.of(SystemCallTable.X86_64);
  }

  private boolean applies(JsonNode entry) {
    JsonNode includes = entry.path("includes");
    JsonNode excludes = entry.path("excludes");
    Set<String> wanted = texts(includes.path("arches"));
    if (!wanted.isEmpty() && !wanted.contains("amd64")) {
      return false;
    }
    if (texts(excludes.path("arches")).contains("amd64")) {
      return false;
    }
    if (!texts(includes.path("caps")).stream().allMatch(this::holds)) {
      return false;
    }
    if (texts(excludes.path("caps")).stream().anyMatch(this::holds)) {
      return false;
    }
    return reaches(includes) && !(excludes.has("minKernel") && reaches(excludes));
  }

  private boolean reaches(JsonNode filter) {
    String least = filter.path("minKernel").asString("");
    return least.isEmpty() || !kernel.isBefore(KernelVersion.parse(least));
  }

  private boolean holds(String name) {
    return Capability.named(name).map(held::contains).orElse(false);
  }

  private static List<Rule> rules(JsonNode entry) {
    Set<String> calls = texts(entry.path("names"));
    if (entry.has("name")) {
      calls.add(entry.path("name").asString(""));
    }
    if (calls.isEmpty()) {
      throw Profile.invalid("an entry of 'syscalls' has no names");
    }
    Verdict verdict = verdict(entry, "action", "errnoRet");
    String why = entry.path("comment").asString("");
    List<Condition> conditions = conditions(entry.path("args"));
    long arguments = conditions.stream().mapToInt(Condition::argument).distinct().count();
    if (arguments == conditions.size()) {
      return List.of(new Rule(calls, verdict, conditions, why));
    }
    // Several conditions on one argument are alternatives, as runc and libseccomp have it.
    return conditions.stream().map(c -> new Rule(calls, verdict, List.of(c), why)).toList();
  }

  private static List<Condition> conditions(JsonNode args) {
    return StreamSupport.stream(args.spliterator(), false).map(DockerProfile::condition).toList();
  }

  private static Condition condition(JsonNode node) {
    return new Condition(
        node.path("index").asInt(-1),
        operator(node.path("op").asString("")),
        unsigned(node.path("value")),
        unsigned(node.path("valueTwo")));
  }

  private static long unsigned(JsonNode number) {
    if (number.isMissingNode() || number.isNull()) {
      return 0;
    }
    if (!number.isIntegralNumber()
        || number.bigIntegerValue().signum() < 0
        || number.bigIntegerValue().bitLength() > 64) {
      throw Profile.invalid("'" + number + "' is not an unsigned 64-bit number");
    }
    return number.bigIntegerValue().longValue();
  }

  private static Condition.Operator operator(String name) {
    return switch (name) {
      case "SCMP_CMP_NE" -> Condition.Operator.NOT_EQUAL;
      case "SCMP_CMP_LT" -> Condition.Operator.LESS;
      case "SCMP_CMP_LE" -> Condition.Operator.LESS_OR_EQUAL;
      case "SCMP_CMP_EQ" -> Condition.Operator.EQUAL;
      case "SCMP_CMP_GE" -> Condition.Operator.GREATER_OR_EQUAL;
      case "SCMP_CMP_GT" -> Condition.Operator.GREATER;
      case "SCMP_CMP_MASKED_EQ" -> Condition.Operator.MASKED_EQUAL;
      default -> throw Profile.invalid("comparison '" + name + "' is none of SCMP_CMP_*");
    };
  }

  private static Verdict verdict(JsonNode node, String actionField, String errnoField) {
    String action = node.path(actionField).asString("").toUpperCase(Locale.ROOT);
    int errno = node.path(errnoField).asInt(EPERM);
    return switch (action) {
      case "SCMP_ACT_ALLOW" -> Verdict.ALLOW;
      case "SCMP_ACT_ERRNO" -> Verdict.errno(errno);
      case "SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD" -> Verdict.KILL_THREAD;
      case "SCMP_ACT_KILL_PROCESS" -> Verdict.KILL_PROCESS;
      case "SCMP_ACT_TRAP" -> Verdict.TRAP;
      case "SCMP_ACT_TRACE" -> Verdict.trace(errno);
      case "SCMP_ACT_LOG" -> Verdict.LOG;
      case "SCMP_ACT_NOTIFY" -> Verdict.NOTIFY;
      default -> throw Profile.invalid(actionField + " '" + action + "' is none of SCMP_ACT_*");
    };
  }

  private static Set<String> texts(JsonNode array) {
    var texts = new HashSet<String>();
    array.forEach(element -> texts.add(element.asString("")));
    return texts;
  }
}
