/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

import dev.caisson.engine.spec.ImageConfig;
import dev.caisson.engine.spec.RegistryAuth;
import dev.caisson.engine.view.ImageDeletion;
import dev.caisson.engine.view.ImageHistory;
import dev.caisson.engine.view.ImageInfo;
import dev.caisson.engine.view.ImageSummary;
import dev.caisson.engine.view.PruneReport;
import dev.caisson.engine.view.RemoteImage;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Optional;

/** Images of this host. A {@code reference} is a name, a name with tag or digest, or an id. */
public interface Images {
  /**
   * @param all also those in between, which steps of a build have left
   * @throws EngineException INVALID for a filter there is not
   */
  List<ImageSummary> list(boolean all, Filters filters);

  /**
   * @throws EngineException NOT_FOUND
   */
  ImageInfo inspect(String reference);

  /** The steps it was made in, newest first; sizes in bytes of unpacked files. */
  List<ImageHistory> history(String reference);

  /**
   * Fetches from a registry, going on where an interrupted pull ended.
   *
   * @param platform {@code os/architecture[/variant]}; empty for this host's
   * @return the image's id
   * @throws EngineException NOT_FOUND; UNAUTHORIZED; UNAVAILABLE when it cannot be reached; INVALID
   *     for contents that are not what their digest says; IO
   */
  String pull(
      String reference, Optional<String> platform, RegistryAuth auth, ProgressListener progress);

  /**
   * Sends what the registry has not.
   *
   * @throws EngineException NOT_FOUND; UNAUTHORIZED; UNAVAILABLE
   */
  void push(String reference, RegistryAuth auth, ProgressListener progress);

  /** Asks a registry without fetching layers. */
  RemoteImage remote(String reference, RegistryAuth auth);

  /**
   * Names in a registry that contain a word.
   *
   * @param term {@code HOST[:PORT]/WORD}; only registries that list their repositories can answer
   * @throws EngineException UNSUPPORTED without a host: there is no hub to ask
   */
  List<String> search(String term, RegistryAuth auth);

  /**
   * Gives an image a further name, taking it from whichever had it.
   *
   * @throws EngineException NOT_FOUND; INVALID for what is no name
   */
  void tag(String reference, String newReference);

  /**
   * Removes a name, and with the last name the image itself.
   *
   * @param force also when stopped containers use it, or several names point to the given id
   * @param prune also untagged parents
   */
  List<ImageDeletion> remove(String reference, boolean force, boolean prune);

  /** {@code dangling=false} removes all unused images, otherwise only those without a name. */
  PruneReport prune(Filters filters);

  /** Reads a docker-save archive or an OCI layout; returns names, or ids of images without one. */
  List<String> load(InputStream archive, ProgressListener progress);

  /** Writes an archive that is both a docker-save archive and an OCI layout. */
  void save(List<String> references, OutputStream archive);

  /**
   * Makes a one-layer image of a root file system.
   *
   * @param changes Dockerfile instructions such as {@code CMD ["sh"]}
   */
  String importRoot(
      InputStream tar,
      Optional<String> reference,
      String message,
      List<String> changes,
      Optional<String> platform);

  /**
   * Makes an image that differs from another one only in its configuration: one more line of
   * history, no layer.
   *
   * @param base id; empty for an image of no layers at all
   * @param createdBy the line of history; empty for none
   * @return the new image's id
   */
  String derive(Optional<String> base, ImageConfig config, String createdBy);

  /**
   * Assembles a base image from this distribution's packages; returns its id.
   *
   * @param distribution {@code busybox}, {@code debian}, or {@code debian+PACKAGE,PACKAGE}
   */
  String buildBase(String distribution, Optional<String> reference, ProgressListener progress);
}
