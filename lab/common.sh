# shellcheck shell=bash
# Shared by the labs that boot a machine of their own: where things are kept, the kernel, a Java runtime, the initial
# RAM disk, and QEMU. A lab sets `work` to a directory below $lab first.
#
# The machine: the distribution's cloud kernel, a RAM disk that is copied to a tmpfs root (pivot_root(2) cannot leave
# the first one), busybox, a Java runtime in /java, our modules in /app. What a lab runs inside is its file /lab/main.
lab=${CAISSON_LAB:-${XDG_CACHE_HOME:-$HOME/.cache}/caisson/lab}
java_home=${JAVA_HOME:?set JAVA_HOME to a JDK 25, or run ./dev lab NAME}
lab_kernel=$lab/kernel

fetch_kernel() { # the distribution's cloud kernel
  fetch_kernel_of linux-image-cloud-amd64 "$lab_kernel"
}

fetch_kernel_of() { # PACKAGE DIRECTORY: fetches and unpacks a kernel of the distribution, once
  local package target=$2
  compgen -G "$target/boot/vmlinuz-*" >/dev/null && return
  mkdir -p "$target.dl"
  package=$(apt-cache depends "$1" | awk '/Depends: linux-image-/ { print $2; exit }')
  (cd "$target.dl" && apt-get download -q "$package" && dpkg-deb -x "$package"_*.deb "$target.new")
  mv "$target.new" "$target"
}

make_java() { # DIRECTORY: a runtime small enough for a RAM disk; made once per JDK
  local key
  key=$lab/java-small-$(sed -n 's/^IMPLEMENTOR_VERSION="\(.*\)"/\1/p; s/^JAVA_RUNTIME_VERSION="\(.*\)"/\1/p' "$java_home/release" | tr -c 'A-Za-z0-9.\n' _ | head -1)
  if [ ! -d "$key" ]; then
    rm -rf "$key.new"
    "$java_home/bin/jlink" --add-modules java.base,java.desktop,java.logging,java.xml,java.net.http,jdk.unsupported \
      --strip-debug --no-man-pages --no-header-files --generate-cds-archive --output "$key.new" >&2
    # A library wants the desktop module to be there; nobody draws.
    rm -f "$key.new"/lib/server/classes_nocoops.jsa \
      "$key.new"/lib/lib{awt*,fontmanager,freetype,mlib_image,lcms,splashscreen,javajpeg,jsound}.so
    mv "$key.new" "$key"
  fi
  cp -r "$key" "$1"
}

library_jars() { # what our modules need at run time, in the newest version Maven has here
  local repository=${MAVEN_REPOSITORY:-$HOME/.m2/repository}
  find "$repository" -name '*.jar' \( -path '*tools/jackson/core*' -o -path '*jackson-annotations*' \
    -o -path '*commons-compress/1.28*' -o -path '*commons-io/commons-io*' -o -path '*commons-lang3*' -o -path '*commons-codec*' \
    -o -path '*tukaani/xz/1.12*' -o -path '*zstd-jni*' \) ! -name '*-sources.jar' |
    sort -V | awk -F/ '{ key = $0; sub("/[^/]*/[^/]*$", "", key); last[key] = $0 } END { for (k in last) print last[k] }'
}

machine_tree() { # MODULE...: the tree of the RAM disk in $work/tree, with these modules of ours
  local tree=${work:?}/tree library module
  rm -rf "$tree"
  mkdir -p "$tree"/{bin,proc,sys,dev,tmp,lib64,app,lib/modules,etc,lab,usr/bin,home}
  cp "$(command -v busybox)" "$tree/bin/busybox"
  ln -s busybox "$tree/bin/sh"
  make_java "$tree/java"
  for library in libc.so.6 libm.so.6 libdl.so.2 libpthread.so.0 librt.so.1 libz.so.1; do
    cp -L "/lib/x86_64-linux-gnu/$library" "$tree/lib64/"
  done
  cp -L /lib64/ld-linux-x86-64.so.2 "$tree/lib64/"
  printf 'root:x:0:0:root:/:/bin/sh\nuser:x:1000:1000::/home:/bin/sh\n' >"$tree/etc/passwd"
  printf 'root:x:0:\nuser:x:1000:\n' >"$tree/etc/group"
  for module in "$@"; do cp -r "$module/target/classes" "$tree/app/$module"; done
  mkdir "$tree/app/jars" && library_jars | xargs -I{} cp {} "$tree/app/jars/"
  printf '%s' "$(printf '/app/%s:' "$@")/app/jars" >"$tree/lab/module-path"
  cat >"$tree/init" <<'INIT'
#!/bin/sh
export PATH=/bin LD_LIBRARY_PATH=/lib64
# pivot_root(2) cannot leave the initial RAM disk, so another root comes first, unless nobody here will call it
if [ "$1" != second ] && [ ! -e /lab/stay ]; then
  /bin/busybox mkdir /new
  /bin/busybox mount -t tmpfs -o size=90% new /new
  /bin/busybox cp -a /bin /lib /lib64 /app /java /etc /lab /usr /home /init /new/
  /bin/busybox mkdir /new/proc /new/sys /new/dev /new/tmp
  exec /bin/busybox switch_root /new /init second
fi
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs tmp /tmp
ip link set lo up
. /lab/main
echo "LAB EXIT $?"
poweroff -f
INIT
  chmod +x "$tree/init"
}

add_modules() { # NAME...: kernel modules into /lib/modules of the tree, for insmod in this order
  local name
  for name in "$@"; do find "$lab_kernel/lib/modules" -name "$name.ko" -exec cp {} "$work/tree/lib/modules/" \;; done
}

boot_machine() { # MEMORY_MB QEMU_OPTION...: runs it to its end under software emulation; true if the lab passed
  local memory=$1 initrd=$work/initrd.cpio
  shift
  (cd "$work/tree" && find . | cpio --quiet -o -H newc >"$initrd")
  rm -f "$work/console.log" # that of a machine before must not speak for one that never ran
  # An emulated processor speculates on nothing, and pages about to be filled need no zeroes.
  # One emulated machine at a time on this host: two take more than twice as long, and time out.
  local pace=(-accel "tcg,thread=multi" -smp 2)
  # A clock that counts instructions: figures that no other work on the host moves, at a few times the duration.
  if [ "${LAB_CLOCK:-}" = instructions ]; then pace=(-accel "tcg,thread=single" -smp 1 -icount "shift=0,sleep=off"); fi
  flock -w 1800 "${LAB_LOCK:-$lab/lock}" timeout "${LAB_TIMEOUT:-600}" \
    qemu-system-x86_64 -M q35 "${pace[@]}" -cpu max -m "$memory" -nodefaults -no-reboot -display none \
    -serial "file:$work/console.log" -kernel "$lab_kernel"/boot/vmlinuz-* -initrd "$initrd" \
    -append "console=ttyS0 panic=-1 quiet no_timer_check tsc=unstable mitigations=off init_on_alloc=0" "$@" || true
  [ -e "$work/console.log" ] || { echo "lab ${work##*/}: no machine was booted: another had the lock all the time" >&2; return 1; }
  tr -d '\r' <"$work/console.log" | grep -aE '^(ok|FAILED|skipped|again|figure|LAB|  \|)' || true
  grep -aq 'LAB EXIT 0' "$work/console.log" || { echo "lab ${work##*/}: failed; console in $work/console.log" >&2; return 1; }
}
