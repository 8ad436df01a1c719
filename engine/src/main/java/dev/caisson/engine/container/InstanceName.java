/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.container;

import dev.caisson.engine.EngineException;
import java.util.List;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;

/** Names of containers: what they may look like, and new ones for those who give none. */
final class InstanceName {
  private static final Pattern FORM = Pattern.compile("/?[a-zA-Z0-9][a-zA-Z0-9_.-]{1,127}");

  private static final List<String> QUALITIES =
      List.of(
          "amber",
          "ample",
          "brave",
          "bright",
          "brisk",
          "calm",
          "clear",
          "clever",
          "cosy",
          "crisp",
          "daring",
          "deep",
          "eager",
          "early",
          "fair",
          "firm",
          "fleet",
          "fond",
          "frank",
          "fresh",
          "gentle",
          "glad",
          "golden",
          "grand",
          "green",
          "hardy",
          "honest",
          "jolly",
          "keen",
          "kind",
          "lively",
          "loyal",
          "lucid",
          "mellow",
          "merry",
          "mild",
          "nimble",
          "noble",
          "patient",
          "plain",
          "proud",
          "quick",
          "quiet",
          "ready",
          "rugged",
          "sage",
          "serene",
          "sharp",
          "silent",
          "silver",
          "smooth",
          "snug",
          "solid",
          "sound",
          "steady",
          "stout",
          "sturdy",
          "swift",
          "tidy",
          "tranquil",
          "true",
          "vivid",
          "warm",
          "wise");

  private static final List<String> THINGS =
      List.of(
          "anchor",
          "atoll",
          "bay",
          "beacon",
          "bollard",
          "breeze",
          "bridge",
          "buoy",
          "canal",
          "cape",
          "capstan",
          "cove",
          "current",
          "delta",
          "diver",
          "dock",
          "dolphin",
          "drift",
          "eddy",
          "estuary",
          "fathom",
          "ferry",
          "fjord",
          "foam",
          "gale",
          "gull",
          "harbour",
          "haven",
          "heron",
          "hull",
          "inlet",
          "island",
          "jetty",
          "keel",
          "lagoon",
          "lantern",
          "ledge",
          "lighthouse",
          "marina",
          "mast",
          "mooring",
          "oar",
          "otter",
          "pearl",
          "pelican",
          "pier",
          "pilot",
          "port",
          "quay",
          "reef",
          "rudder",
          "sail",
          "sandbar",
          "schooner",
          "seal",
          "shoal",
          "shore",
          "skipper",
          "sloop",
          "sound",
          "spray",
          "strait",
          "tide",
          "wharf");

  private static final int TRIES = 16;

  private InstanceName() {}

  /** The name without a leading slash, if it may be one. */
  static String check(String name) {
    if (!FORM.matcher(name).matches()) {
      throw EngineException.invalid(
          "Invalid container name (" + name + "), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
          "choose a name of 2 to 128 such characters");
    }
    return name.startsWith("/") ? name.substring(1) : name;
  }

  /** A new name; {@code claim} says whether it was free and is taken now. */
  static String random(RandomGenerator random, Predicate<String> claim) {
    for (int tries = 0; ; tries++) {
      var name =
          QUALITIES.get(random.nextInt(QUALITIES.size()))
              + "_"
              + THINGS.get(random.nextInt(THINGS.size()))
              + (tries < TRIES ? "" : String.valueOf(random.nextInt(1_000_000)));
      if (claim.test(name)) {
        return name;
      }
    }
  }
}
