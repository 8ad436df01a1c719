/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.image;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.Filters;
import dev.caisson.engine.ProgressListener;
import dev.caisson.engine.event.EventLog;
import dev.caisson.engine.spec.CommitSpec;
import dev.caisson.engine.spec.ImageConfig;
import dev.caisson.engine.spec.RegistryAuth;
import dev.caisson.engine.view.ImageDeletion;
import dev.caisson.engine.view.ImageHistory;
import dev.caisson.engine.view.ImageInfo;
import dev.caisson.engine.view.ImageSummary;
import dev.caisson.engine.view.PruneReport;
import dev.caisson.engine.view.RemoteImage;
import dev.caisson.image.archive.ImageArchive;
import dev.caisson.image.archive.SavedImage;
import dev.caisson.image.layer.LayerLimits;
import dev.caisson.image.model.Descriptor;
import dev.caisson.image.model.Digest;
import dev.caisson.image.model.History;
import dev.caisson.image.model.Platform;
import dev.caisson.image.model.Reference;
import dev.caisson.image.registry.CredentialSource;
import dev.caisson.image.registry.Credentials;
import dev.caisson.image.registry.DockerConfigFile;
import dev.caisson.image.registry.Registry;
import dev.caisson.image.registry.RegistryOptions;
import dev.caisson.image.store.Image;
import dev.caisson.image.store.ImageStore;
import dev.caisson.image.store.Lease;
import dev.caisson.image.store.Removal;
import dev.caisson.image.store.StoredLayer;
import dev.caisson.linux.process.UserNamespace;
import dev.caisson.rootfs.base.BaseImages;
import dev.caisson.rootfs.layer.LayerStore;
import dev.caisson.rootfs.layer.OverlayMarks;
import dev.caisson.rootfs.layer.Ownership;
import dev.caisson.sandbox.workload.RootFilesystem;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/** The images in this engine's directory, and their layers unpacked for containers. */
public final class StoredImages implements ImageLibrary {
  private static final int PIPE = 256 << 10;

  /** Digest of an archive without entries: 1024 zeros. */
  private static final String EMPTY_LAYER =
      "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";

  private final Path root;
  private final ImageStore store;
  private final LayerStore layers;
  private final TemplateCache templates;
  private final EventLog events;
  private final Clock clock;
  private final ImageUsers users;
  private final Supplier<Registry> registry;

  private StoredImages(
      Path root,
      ImageStore store,
      LayerStore layers,
      EventLog events,
      Clock clock,
      ImageUsers users) {
    this.root = root;
    this.store = store;
    this.layers = layers;
    this.templates = new TemplateCache(root.resolve("catalog.json"));
    this.events = events;
    this.clock = clock;
    this.users = users;
    this.registry = new Once<>(() -> new Registry(RegistryOptions.DEFAULT));
  }

  /** Opens the images below {@code root}. */
  public static StoredImages open(Path root, EventLog events, Clock clock, ImageUsers users) {
    try {
      var ids = UserNamespace.own();
      var images = root.resolve("images");
      return new StoredImages(
          images,
          ImageStore.open(images),
          LayerStore.open(
              root.resolve("rootfs"),
              LayerLimits.DEFAULT,
              ids.initial() ? OverlayMarks.TRUSTED : OverlayMarks.USER,
              ids.single() ? Ownership.OWN : Ownership.EXACT),
          events,
          clock,
          users);
    } catch (RuntimeException e) {
      throw ImageFailures.translate(e);
    }
  }

  /** Made at the first use: an HTTP client costs a quarter of a second to load. */
  private static final class Once<T> implements Supplier<T> {
    private final Supplier<T> maker;
    private Optional<T> made = Optional.empty();

    Once(Supplier<T> maker) {
      this.maker = maker;
    }

    @Override
    public synchronized T get() {
      var value = made.orElseGet(maker);
      made = Optional.of(value);
      return value;
    }
  }

  private static <T> T translated(Supplier<T> work) {
    try {
      return work.get();
    } catch (RuntimeException e) {
      throw ImageFailures.translate(e);
    }
  }

  private Image resolve(String reference) {
    return translated(() -> store.find(reference))
        .orElseThrow(() -> EngineException.notFound("No such image: " + reference));
  }

  @Override
  public Template template(String reference, Optional<String> platform) {
    return templates.get(
        reference, platform, () -> translated(() -> makeTemplate(reference, platform)));
  }

  private Template makeTemplate(String reference, Optional<String> platform) {
    var image = resolve(reference);
    var own = image.config().platform();
    if (platform.isPresent() && !Platform.parse(platform.get()).accepts(own)) {
      throw EngineException.notFound(
          "No such image: "
              + reference
              + " for "
              + platform.get()
              + "; the one here is for "
              + own);
    }
    if (!Platform.host().accepts(own)) {
      throw EngineException.invalid(
          "image " + reference + " is for " + own + ", this host is " + Platform.host(),
          "pull it with --platform " + Platform.host());
    }
    var directories = layers.directories(store, image);
    var found = new ArrayList<RootFilesystem.Layer>();
    for (int i = directories.size() - 1; i >= 0; i--) {
      var diffId = image.config().diffIds().get(i).toString();
      found.add(new RootFilesystem.Layer(diffId, directories.get(i)));
    }
    if (found.isEmpty()) {
      found.add(new RootFilesystem.Layer(EMPTY_LAYER, emptyLayer()));
    }
    var name = image.tags().isEmpty() ? image.id().toString() : image.tags().getFirst().familiar();
    return new Template(
        image.id().toString(),
        name,
        own.toString(),
        ConfigConversion.toEngine(image.config().defaults()),
        found);
  }

  /** Overlayfs wants something below, even for an image that has nothing. */
  private Path emptyLayer() {
    var empty = root.resolve("empty");
    try {
      return Files.createDirectories(empty);
    } catch (IOException e) {
      throw EngineException.io("cannot make " + empty + ": " + e.getMessage(), e);
    }
  }

  @Override
  public String commit(String base, ImageConfig config, CommitSpec commit, LayerWriter layer) {
    var changed = ChangeInstructions.apply(commit.config().orElse(config), commit.changes());
    return translated(() -> {
      var image = store.find(base);
      var tar = new LayerPipe(layer);
      try (var lease = store.lease()) {
        var top = tar.read(in -> StoredLayer.copy(store, lease, in));
        return id(
            added(
                lease,
                image,
                changed,
                Optional.of(top),
                new Story(
                    commit.createdBy().orElse(String.join(" ", config.command())),
                    commit.author(),
                    commit.message()),
                commit.reference(),
                Optional.empty()));
      }
    });
  }

  @Override
  public String derive(Optional<String> base, ImageConfig config, String createdBy) {
    return translated(() -> {
      try (var lease = store.lease()) {
        return id(
            added(
                lease,
                base.map(this::resolve),
                config,
                Optional.empty(),
                new Story(createdBy, "", ""),
                Optional.empty(),
                Optional.empty()));
      }
    });
  }

  /** What history tells of a step. */
  private record Story(String createdBy, String author, String message) {}

  private Image added(
      Lease lease,
      Optional<Image> base,
      ImageConfig config,
      Optional<StoredLayer> layer,
      Story story,
      Optional<String> reference,
      Optional<String> platform) {
    var blobs = new ArrayList<Descriptor>();
    var diffIds = new ArrayList<Digest>();
    var history = new ArrayList<History>();
    base.ifPresent(image -> {
      blobs.addAll(image.layers());
      diffIds.addAll(image.config().diffIds());
      history.addAll(image.config().history());
    });
    lease.keep(blobs.stream().map(Descriptor::digest).toList());
    var now = clock.instant();
    layer.ifPresent(top -> {
      blobs.add(top.blob());
      diffIds.add(top.diffId());
    });
    if (layer.isPresent() || !story.createdBy().isEmpty()) {
      history.add(
          layer.isPresent()
              ? History.layer(now, story.createdBy(), story.message())
              : History.configuration(now, story.createdBy(), story.message()));
    }
    var names = reference.filter(name -> !name.isEmpty()).map(Reference::parse).stream().toList();
    var described =
        new dev.caisson.image.model.ImageConfig(
            platform
                .map(Platform::parse)
                .or(() -> base.map(image -> image.config().platform()))
                .orElseGet(Platform::host),
            Optional.of(now),
            Optional.of(story.author()).filter(text -> !text.isEmpty()),
            ConfigConversion.toImage(config),
            diffIds,
            history);
    return store.assemble(lease, described, blobs, names, base.map(Image::id));
  }

  private static String id(Image image) {
    return image.id().toString();
  }

  @Override
  public long size(String id) {
    return translated(() -> store.find(id)).map(this::size).orElse(0L);
  }

  @Override
  public Map<String, Long> layerSizes(String id) {
    return translated(() -> store.find(id)).map(this::layerSizes).orElse(Map.of());
  }

  private Map<String, Long> layerSizes(Image image) {
    var sizes = new HashMap<String, Long>();
    for (int i = 0; i < image.layers().size(); i++) {
      var diffId = image.config().diffIds().get(i);
      long unpacked = layers.size(diffId);
      sizes.put(diffId.toString(), unpacked > 0 ? unpacked : image.layers().get(i).size());
    }
    return sizes;
  }

  private long size(Image image) {
    return layerSizes(image).values().stream().mapToLong(Long::longValue).sum();
  }

  @Override
  public List<ImageSummary> list(boolean all, Filters filters) {
    return translated(() -> {
      var filter = new ImageFilter(filters, this::resolve);
      return store.list().reversed().stream()
          .filter(image -> all || !image.isIntermediate())
          .filter(filter::accepts)
          .map(this::summary)
          .toList();
    });
  }

  private ImageSummary summary(Image image) {
    return new ImageSummary(
        id(image),
        image.parent().map(Digest::toString).orElse(""),
        image.tags().stream().map(Reference::familiar).toList(),
        image.pins().stream().map(Reference::familiar).toList(),
        ImageFilter.created(image),
        size(image),
        -1,
        users.of(id(image)).size(),
        image.config().defaults().labels());
  }

  @Override
  public ImageInfo inspect(String reference) {
    var image = resolve(reference);
    var config = image.config();
    return new ImageInfo(
        id(image),
        image.tags().stream().map(Reference::familiar).toList(),
        image.pins().stream().map(Reference::familiar).toList(),
        image.parent().map(Digest::toString).orElse(""),
        config.history().isEmpty() ? "" : config.history().getLast().comment().orElse(""),
        config.created(),
        config.author().orElse(""),
        config.platform().architecture(),
        config.platform().variant().orElse(""),
        config.platform().os(),
        size(image),
        config.diffIds().stream().map(Digest::toString).toList(),
        ConfigConversion.toEngine(config.defaults()),
        Map.of(),
        Optional.of(image.stored()));
  }

  @Override
  public List<ImageHistory> history(String reference) {
    var image = resolve(reference);
    var diffIds = image.config().diffIds();
    var steps = new ArrayList<ImageHistory>();
    int layer = 0;
    for (var step : image.config().history()) {
      long size = 0;
      if (!step.emptyLayer() && layer < diffIds.size()) {
        size = layers.size(diffIds.get(layer++));
      }
      steps.addFirst(
          new ImageHistory(
              "<missing>",
              step.created().orElse(Instant.EPOCH),
              step.createdBy().orElse(""),
              size,
              step.comment().orElse(""),
              List.of()));
    }
    if (!steps.isEmpty()) {
      var top = steps.removeFirst();
      steps.addFirst(
          new ImageHistory(
              id(image),
              top.created(),
              top.createdBy(),
              top.size(),
              top.comment(),
              image.tags().stream().map(Reference::familiar).toList()));
    }
    return steps;
  }

  @Override
  public String pull(
      String reference, Optional<String> platform, RegistryAuth auth, ProgressListener progress) {
    return translated(() -> {
      var name = Reference.parse(reference);
      progress.onProgress(
          ProgressListener.Step.of(name.tagOrDigest(), "Pulling from " + name.repository()));
      var image =
          registry
              .get()
              .pull(
                  store,
                  name,
                  platform.map(Platform::parse).orElseGet(Platform::host),
                  credentials(auth),
                  layers,
                  TransferProgress.pulling(progress));
      layers.directories(store, image); // a layer that cannot be unpacked is found out here
      progress.onProgress(
          ProgressListener.Step.of("", "Digest: " + image.manifestDescriptor().digest()));
      event("pull", name.familiar(), name.familiar());
      return id(image);
    });
  }

  private static CredentialSource credentials(RegistryAuth auth) {
    if (!auth.identityToken().isEmpty()) {
      return CredentialSource.of(new Credentials.IdentityToken(auth.identityToken()));
    }
    if (!auth.user().isEmpty()) {
      return CredentialSource.of(new Credentials.Password(auth.user(), auth.password()));
    }
    return DockerConfigFile.ofUser(Path.of(System.getProperty("user.home")), System.getenv());
  }

  private void event(String action, String actor, String name) {
    events.publish("image", action, actor, Map.of("name", name));
  }

  @Override
  public void push(String reference, RegistryAuth auth, ProgressListener progress) {
    var image = resolve(reference);
    translated(() -> {
      var name = Reference.parse(reference);
      progress.onProgress(
          ProgressListener.Step.of("", "The push refers to repository [" + name.name() + "]"));
      var pushed =
          registry
              .get()
              .push(store, image, name, credentials(auth), TransferProgress.pushing(progress));
      progress.onProgress(
          ProgressListener.Step.of(
              "", name.tagOrDigest() + ": digest: " + pushed.digest() + " size: " + pushed.size()));
      event("push", name.familiar(), name.familiar());
      return pushed;
    });
  }

  @Override
  public RemoteImage remote(String reference, RegistryAuth auth) {
    return translated(() -> {
      var name = Reference.parse(reference);
      var found = registry.get().inspect(name, credentials(auth));
      var platforms = registry.get().platforms(name, credentials(auth));
      return new RemoteImage(
          found.mediaType(),
          found.digest().toString(),
          found.size(),
          platforms.stream().map(Platform::toString).toList());
    });
  }

  @Override
  public List<String> search(String term, RegistryAuth auth) {
    int slash = term.indexOf('/');
    var host = slash < 0 ? "" : term.substring(0, slash);
    if (!host.contains(".") && !host.contains(":") && !host.equals("localhost")) {
      throw EngineException.unsupported(
          "there is no hub to search for '" + term + "'",
          "search a registry that lists its repositories: HOST:PORT/WORD");
    }
    var word = term.substring(slash + 1);
    return translated(() ->
        registry.get().repositories(host, credentials(auth)).stream()
            .filter(name -> name.contains(word))
            .toList());
  }

  @Override
  public void login(RegistryAuth auth) {
    translated(() -> {
      registry.get().login(auth.server(), credentials(auth));
      return auth;
    });
  }

  @Override
  public void tag(String reference, String newReference) {
    resolve(reference);
    translated(() -> {
      var name = Reference.parse(newReference);
      var image = store.tag(reference, name);
      event("tag", id(image), name.familiar());
      return image;
    });
  }

  @Override
  public List<ImageDeletion> remove(String reference, boolean force, boolean prune) {
    var image = resolve(reference);
    var inUse = users.of(id(image));
    boolean running = inUse.stream().anyMatch(ImageUsers.User::running);
    boolean last = image.tags().size() <= 1;
    if (last && !inUse.isEmpty() && (running || !force)) {
      throw EngineException.conflict(
          "unable to remove repository reference \"%s\" (must force) - container %s is using its referenced image %s"
              .formatted(
                  reference,
                  inUse.getFirst().containerId().substring(0, 12),
                  image.id().shortHex()),
          "caisson rm " + inUse.getFirst().containerId().substring(0, 12));
    }
    return translated(
        () -> told(store.remove(reference, force, old -> prune && users.of(id(old)).isEmpty())));
  }

  private List<ImageDeletion> told(Removal removal) {
    var deletions = new ArrayList<ImageDeletion>();
    for (var name : removal.untagged()) {
      deletions.add(new ImageDeletion.Untagged(name.familiar()));
      event("untag", name.familiar(), name.familiar());
    }
    for (var id : removal.deleted()) {
      deletions.add(new ImageDeletion.Deleted(id.toString()));
      event("delete", id.toString(), id.toString());
    }
    if (!removal.deleted().isEmpty()) {
      collectLayers();
    }
    return deletions;
  }

  private void collectLayers() {
    Set<Digest> live = new HashSet<>();
    store.list().forEach(image -> live.addAll(image.config().diffIds()));
    users.layers().forEach(layer -> live.add(Digest.parse(layer)));
    layers.collect(live);
  }

  @Override
  public PruneReport prune(Filters filters) {
    var filter = new ImageFilter(without(filters, "dangling"), this::resolve);
    boolean tagged = filters.of("dangling").stream().anyMatch(List.of("0", "false")::contains);
    return translated(() -> {
      var removal =
          store.prune(tagged, image -> filter.accepts(image) && users.of(id(image)).isEmpty());
      var removed =
          told(removal).stream()
              .map(gone ->
                  switch (gone) {
                    case ImageDeletion.Untagged untagged -> "untagged: " + untagged.reference();
                    case ImageDeletion.Deleted deleted -> "deleted: " + deleted.id();
                  })
              .toList();
      return new PruneReport(removed, removal.freedBytes());
    });
  }

  private static Filters without(Filters filters, String key) {
    var rest = new java.util.HashMap<>(filters.values());
    rest.remove(key);
    return new Filters(rest);
  }

  @Override
  public List<String> load(InputStream archive, ProgressListener progress) {
    return translated(() -> {
      var names = new ArrayList<String>();
      for (var image : ImageArchive.load(store, archive, layers)) {
        image.tags().forEach(tag -> names.add(tag.familiar()));
        if (image.tags().isEmpty()) {
          names.add(id(image));
        }
        event("load", id(image), id(image));
      }
      return names;
    });
  }

  @Override
  public void save(List<String> references, OutputStream archive) {
    var images = new ArrayList<SavedImage>();
    for (var reference : references) {
      var image = resolve(reference);
      var named =
          image.names().stream()
              .filter(name ->
                  name.familiar().equals(reference)
                      || name.toString().equals(reference)
                      || name.familiar().equals(reference + ":" + Reference.DEFAULT_TAG))
              .toList();
      images.add(new SavedImage(image, named));
      event("save", id(image), id(image));
    }
    try {
      ImageArchive.save(store, images, archive);
    } catch (IOException e) {
      throw EngineException.io("cannot write the archive: " + e.getMessage(), e);
    } catch (RuntimeException e) {
      throw ImageFailures.translate(e);
    }
  }

  @Override
  public String importRoot(
      InputStream tar,
      Optional<String> reference,
      String message,
      List<String> changes,
      Optional<String> platform) {
    var config = ChangeInstructions.apply(ImageConfig.empty(), changes);
    return translated(() -> {
      try (var lease = store.lease()) {
        var layer = StoredLayer.copy(store, lease, tar);
        var image =
            added(
                lease,
                Optional.empty(),
                config,
                Optional.of(layer),
                new Story("", "", message.isEmpty() ? "Imported from -" : message),
                reference,
                platform);
        event("import", id(image), id(image));
        return id(image);
      }
    });
  }

  @Override
  public String buildBase(
      String distribution, Optional<String> reference, ProgressListener progress) {
    return translated(() -> {
      // A package's name may have a plus sign itself, as libstdc++6 has.
      var words = List.of(distribution.split("\\+", 2));
      var packages = words.size() < 2 ? List.<String>of() : List.of(words.get(1).split(","));
      var recipe = BaseImages.named(words.getFirst(), packages);
      var name = Reference.parse(reference.orElse(words.getFirst()));
      var image =
          recipe.build(
              store, name, line -> progress.onProgress(ProgressListener.Step.of("", line)));
      layers.directories(store, image);
      return id(image);
    });
  }

  @Override
  public void close() {
    layers.close();
  }

  /** Lets what is written be read, with the writer on a thread of its own. */
  private record LayerPipe(LayerWriter writer) {
    StoredLayer read(java.util.function.Function<InputStream, StoredLayer> reader) {
      try (var in = new PipedInputStream(PIPE)) {
        var out = new PipedOutputStream(in);
        var writing =
            CompletableFuture.runAsync(
                () -> write(out), work -> Thread.ofVirtual().name("layer").start(work));
        var layer = reader.apply(in);
        writing.join();
        return layer;
      } catch (IOException e) {
        throw EngineException.io("new layer: " + e.getMessage(), e);
      } catch (CompletionException e) {
        throw e.getCause() instanceof RuntimeException cause ? cause : e;
      }
    }

    private void write(PipedOutputStream out) {
      try (out) {
        writer.write(out);
      } catch (IOException e) {
        throw EngineException.io("new layer: " + e.getMessage(), e);
      }
    }
  }
}
