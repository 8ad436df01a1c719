#!/bin/sh
# Builds the stub: build.sh program OUT | guest OUT | tests OUT
set -eu
cd "$(dirname "$0")"
compiler=${CC:-gcc}
command -v "$compiler" >/dev/null || { echo "stub: no $compiler; apt-get install gcc libc6-dev" >&2; exit 1; }
warnings="-std=gnu17 -Wall -Wextra -Wshadow -Werror"
mkdir -p "$(dirname "$2")"
# No C library: nothing is loaded, nothing needs relocating, and memory is what is touched.
freestanding="-Os -s -static -nostdlib -ffreestanding -fno-pic -no-pie -fno-stack-protector \
  -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections \
  -Wl,--gc-sections -Wl,--build-id=none -Wl,-z,noexecstack -Wl,-z,norelro"
case $1 in
  program)
    # shellcheck disable=SC2086
    "$compiler" $warnings $freestanding src/main/c/*.c -o "$2" ;;
  guest)
    # shellcheck disable=SC2086
    "$compiler" $warnings $freestanding \
      src/main/c/guest/*.c src/main/c/text.c src/main/c/report.c -o "$2" ;;
  tests)
    # The same sources with a C library and its sanitizers, and without the program's entry.
    sources=$(find src/main/c -maxdepth 1 -name '*.c' ! -name main.c | sort)
    # shellcheck disable=SC2086
    "$compiler" $warnings -g -O1 -ffreestanding -DCAISSON_HOSTED -fsanitize=address,undefined \
      -fno-sanitize-recover=all -Isrc/main/c $sources src/test/c/*.c -o "$2" ;;
  *) echo "usage: build.sh program OUT | guest OUT | tests OUT" >&2; exit 2 ;;
esac
