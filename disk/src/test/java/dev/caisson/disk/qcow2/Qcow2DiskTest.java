/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskContract;
import java.nio.file.Path;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** The disk contract over the geometries that differ in kind. */
class Qcow2DiskTest {

  @Nested
  class Default extends Geometry {
    Default() {
      super(Qcow2Format.DEFAULT);
    }
  }

  @Nested
  class Version2 extends Geometry {
    Version2() {
      super(Qcow2Format.DEFAULT.withVersion(2));
    }
  }

  @Nested
  class SmallestClusters extends Geometry {
    SmallestClusters() {
      super(Qcow2Format.DEFAULT.withClusterSize(512));
    }
  }

  @Nested
  class SmallestClustersWidestCounts extends Geometry {
    SmallestClustersWidestCounts() {
      super(Qcow2Format.DEFAULT.withClusterSize(512).withRefcountBits(64));
    }
  }

  @Nested
  class LargestClusters extends Geometry {
    LargestClusters() {
      super(Qcow2Format.DEFAULT.withClusterSize(2 << 20));
    }
  }

  @Nested
  class OneBitCounts extends Geometry {
    OneBitCounts() {
      super(Qcow2Format.DEFAULT.withClusterSize(4096).withRefcountBits(1));
    }
  }

  @Nested
  class Subclusters extends Geometry {
    Subclusters() {
      super(Qcow2Format.DEFAULT.withExtendedL2(true));
    }
  }

  @Nested
  class SmallestSubclusters extends Geometry {
    SmallestSubclusters() {
      super(Qcow2Format.DEFAULT.withExtendedL2(true).withClusterSize(16384));
    }
  }

  @Nested
  class ExternalData extends Geometry {
    ExternalData() {
      super(Qcow2Format.DEFAULT.withDataFile("data.raw", true));
    }
  }

  /** One geometry. */
  abstract static class Geometry implements DiskContract {
    @TempDir Path folder;
    private final Qcow2Format format;

    Geometry(Qcow2Format format) {
      this.format = format;
    }

    @Override
    public Disk blank(long size) {
      return Images.create(folder.resolve("disk.qcow2"), format, size);
    }
  }
}
