/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import dev.caisson.engine.text.ByteSize;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * What {@code RUN --mount} asks for. Dockerfile reference, RUN --mount
 *
 * @param source below {@code from} or the context
 * @param from stage or image; empty for the context
 * @param size of a tmpfs
 */
record RunMount(
    Kind kind,
    String id,
    String target,
    String source,
    String from,
    boolean readOnly,
    boolean required,
    Sharing sharing,
    OptionalLong size,
    String environment,
    int mode,
    int user,
    int group) {
  enum Kind {
    BIND,
    CACHE,
    TMPFS,
    SECRET,
    SSH
  }

  /** What two builds do that want one cache at once. */
  enum Sharing {
    SHARED,
    PRIVATE,
    LOCKED
  }

  private static final Map<String, String> ALIASES =
      Map.of("src", "source", "dst", "target", "destination", "target", "rw", "readwrite");

  private static final Map<Kind, Set<String>> KNOWN =
      Map.of(
          Kind.BIND, Set.of("target", "source", "from", "readwrite", "readonly"),
          Kind.CACHE,
              Set.of(
                  "id",
                  "target",
                  "readonly",
                  "readwrite",
                  "sharing",
                  "from",
                  "source",
                  "mode",
                  "uid",
                  "gid"),
          Kind.TMPFS, Set.of("target", "size"),
          Kind.SECRET, Set.of("id", "target", "env", "required", "mode", "uid", "gid", "source"),
          Kind.SSH, Set.of("id", "target", "required", "mode", "uid", "gid"));

  /**
   * @param text {@code type=cache,target=/x}, variables already expanded
   * @param state its working directory is where a relative target begins
   */
  static RunMount parse(String text, StageState state) {
    Map<String, String> options = options(text);
    Kind kind = kind(options.getOrDefault("type", "bind"), text);
    options.remove("type");
    for (String option : options.keySet()) {
      if (!KNOWN.getOrDefault(kind, Set.of()).contains(option)) {
        throw refused(
            text, "type=" + kind.name().toLowerCase(java.util.Locale.ROOT) + " has no " + option);
      }
    }
    String id = options.getOrDefault("id", options.getOrDefault("source", ""));
    String target = options.getOrDefault("target", "");
    if (kind == Kind.SECRET) {
      id = id.isEmpty() ? target.substring(target.lastIndexOf('/') + 1) : id;
    }
    boolean needsTarget = kind == Kind.BIND || kind == Kind.CACHE || kind == Kind.TMPFS;
    if (needsTarget && target.isEmpty() || kind == Kind.SECRET && id.isEmpty()) {
      throw refused(text, needsTarget ? "target= is missing" : "id= is missing");
    }
    return new RunMount(
        kind,
        id,
        target.isEmpty() ? "" : state.absolute(target),
        options.getOrDefault("source", ""),
        options.getOrDefault("from", ""),
        readOnly(kind, options, text),
        truth(options, "required", text),
        sharing(options.getOrDefault("sharing", "shared"), text),
        options.containsKey("size")
            ? OptionalLong.of(ByteSize.parse(options.get("size")))
            : OptionalLong.empty(),
        options.getOrDefault("env", ""),
        number(options.getOrDefault("mode", defaultMode(kind)), 8, text),
        number(options.getOrDefault("uid", "0"), 10, text),
        number(options.getOrDefault("gid", "0"), 10, text));
  }

  private static String defaultMode(Kind kind) {
    return switch (kind) {
      case SECRET -> "0400";
      case SSH -> "0600";
      case BIND, CACHE, TMPFS -> "0755";
    };
  }

  private static Map<String, String> options(String text) {
    var options = new LinkedHashMap<String, String>();
    for (String word : text.split(",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", -1)) {
      String plain = word.replace("\"", "").strip();
      int equals = plain.indexOf('=');
      String name = equals < 0 ? plain : plain.substring(0, equals);
      String value = equals < 0 ? "true" : plain.substring(equals + 1);
      options.put(ALIASES.getOrDefault(name, name.equals("ro") ? "readonly" : name), value);
    }
    return new HashMap<>(options);
  }

  private static Kind kind(String name, String text) {
    for (Kind kind : Kind.values()) {
      if (kind.name().equalsIgnoreCase(name)) {
        return kind;
      }
    }
    throw refused(text, "the types are bind, cache, tmpfs, secret and ssh");
  }

  private static Sharing sharing(String name, String text) {
    for (Sharing sharing : Sharing.values()) {
      if (sharing.name().equalsIgnoreCase(name)) {
        return sharing;
      }
    }
    throw refused(text, "sharing is shared, private or locked");
  }

  private static boolean readOnly(Kind kind, Map<String, String> options, String text) {
    if (kind == Kind.BIND) {
      return !truth(options, "readwrite", text);
    }
    return truth(options, "readonly", text);
  }

  private static boolean truth(Map<String, String> options, String name, String text) {
    String value = options.getOrDefault(name, "false");
    if (!List.of("true", "1", "false", "0").contains(value)) {
      throw refused(text, name + " is true or false");
    }
    return value.equals("true") || value.equals("1");
  }

  private static int number(String digits, int radix, String text) {
    try {
      return Integer.parseUnsignedInt(digits, radix);
    } catch (NumberFormatException e) {
      throw refused(text, "'" + digits + "' is no number");
    }
  }

  private static BuildException refused(String text, String why) {
    return new BuildException("RUN --mount=" + text + ": " + why);
  }

  /** The stage or image it reads, if it reads one. */
  Optional<String> origin() {
    return Optional.of(from).filter(name -> !name.isEmpty());
  }
}
