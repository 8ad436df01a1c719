# shellcheck shell=bash
# Shared by the benchmarks: what they need here, and how our servers and guests are run beside their peers.
# A benchmark goes to the project's folder first, then sources this file.
bench=${0##*/}
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
# As packaging/launch runs the engine; BENCH_JAVA, words split at spaces, takes its place.
read -ra engine_flags <<<"${BENCH_JAVA:--XX:TieredStopAtLevel=1 -XX:CompileThresholdScaling=0.2 -XX:+UseSerialGC -XX:+UseCompactObjectHeaders -Xms16m -Xmx512m -Xss512k}"
device_classes=${CAISSON_CLASSES:-linux/target/classes:disk/target/classes:virtio/target/classes}
declare -A pids

lacking() { echo "bench $bench: $*" >&2; exit 3; }
need_root() { [ "$(id -u)" = 0 ] || lacking "needs root"; }
need_tools() { # COMMAND...
  local tool
  for tool in "$@"; do command -v "$tool" >/dev/null || lacking "$tool is not installed; see packaging/packages-test.txt"; done
}
need_built() { # MODULE...
  local module
  for module in "$@"; do [ -f "$module/target/classes/module-info.class" ] || lacking "build first: ./dev build"; done
}
need_kernel() { # sets kernel, the folder of the guests' kernel
  kernel=${CAISSON_KERNEL:-/var/lib/caisson/kernels/current}
  [ -e "$kernel/vmlinuz" ] || lacking "no guest kernel in $kernel; run caisson kernel fetch, or set CAISSON_KERNEL"
}

end_servers() {
  local pid
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
}
await_socket() { # FILE
  local _
  for _ in $(seq 300); do [ ! -S "$1" ] || return 0; sleep 0.1; done
  echo "bench $bench: nobody serves ${1##*/}" >&2
  return 1
}
serve_devices() { # NAME PROGRAM ARGUMENT...: a device of ours as vhost-user back end; its process is pids[NAME]
  local name=$1 program=$2
  shift 2
  "$java" --enable-native-access=ALL-UNNAMED "${engine_flags[@]}" -cp "$device_classes" "bench/$program.java" "$@" &
  pids[$name]=$!
}
serve_virtiofsd() { # FOLDER SOCKET OPTION...: the peer; its process is pids[virtiofsd]
  local folder=$1 socket=$2
  shift 2
  /usr/lib/qemu/virtiofsd --socket-path="$socket" -o source="$folder" -o cache=auto "$@" >"${work:?}/virtiofsd.log" 2>&1 &
  pids[virtiofsd]=$!
}

# Drivers of a guest's PCI devices of virtio, in the order they are loaded.
# shellcheck disable=SC2034
virtio_modules=(drivers/virtio/{virtio_ring,virtio,virtio_pci_legacy_dev,virtio_pci_modern_dev,virtio_pci})
guest_modules() { # ROOT MODULE...: kernel modules into /modules of a guest's root, listed in /modules/list
  local root=$1 module
  shift
  mkdir -p "$root/modules"
  for module in "$@"; do
    cp "$kernel/modules/$module.ko" "$root/modules/"
    echo "${module##*/}.ko" >>"$root/modules/list"
  done
}
pack_guest() { # ROOT FILE: the initial RAM disk
  chmod +x "$1/init"
  (cd "$1" && find . | cpio --quiet -o -H newc) >"$2"
}

module_path() { # MODULE...: our modules and the newest version Maven has here of each library they need
  printf '%s/target/classes:' "$@"
  find "${MAVEN_REPOSITORY:-$HOME/.m2/repository}" -name '*.jar' \( -path '*tools/jackson*' -o -path '*jackson-annotations*' \
    -o -path '*commons-compress/1.28*' -o -path '*commons-io*' -o -path '*commons-lang3*' -o -path '*commons-codec*' \
    -o -path '*tukaani/xz/1.12*' -o -path '*zstd-jni*' \) | sort -V |
    awk -F/ '{ key = $0; sub("/[^/]*/[^/]*$", "", key); last[key] = $0 } END { for (k in last) printf "%s:", last[k] }'
}
pjdfstest_config() { # SOURCE_TREE: what its configure script would find on Linux, as config.h
  local name
  {
    for name in faccessat fchmodat fchownat fstatat linkat mkdirat mkfifoat mknodat openat posix_fallocate readlinkat renameat symlinkat utimensat; do
      echo "#define HAVE_${name^^} 1"
    done
    for name in ATIM CTIM MTIM; do echo "#define HAVE_STRUCT_STAT_ST_$name 1"; done
    echo '#define HAVE_SYS_SYSMACROS_H 1'
  } >"$1/config.h"
}

since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f\n", (b - a) * 1000 }'; } # milliseconds
milliseconds() { # COMMAND...: wall time of one run, which must succeed
  local start=$EPOCHREALTIME
  "$@" >/dev/null
  since "$start"
}
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
# For awk programs: the median of a list in words; least and most are its ends.
# shellcheck disable=SC2034
median_of_words='
  function median(list,   a, c, i, j, t) {
    c = split(list, a)
    for (i = 2; i <= c; i++) { t = a[i]; for (j = i - 1; j > 0 && a[j] + 0 > t + 0; j--) a[j + 1] = a[j]; a[j + 1] = t }
    least = a[1]; most = a[c]
    return a[int((c + 1) / 2)]
  }'
