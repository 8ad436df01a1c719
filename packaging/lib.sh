# shellcheck shell=bash
# Shared by ./dev and the scripts beside this file: finding the JDK, packages, Maven.

find_jdk() { # prints the home of a JDK >= 25: CAISSON_JDK, JAVA_HOME, then the installed ones
  local home version
  for home in "${CAISSON_JDK:-}" "${JAVA_HOME:-}" /usr/lib/jvm/*25* /usr/lib/jvm/* /opt/jdk* /opt/java/*; do
    [ -x "$home/bin/javac" ] || continue
    version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$home/release" 2>/dev/null)
    if [ "${version:-0}" -ge 25 ]; then echo "$home"; return; fi
  done
  echo "caisson: no JDK 25 found; install one (Temurin, Debian's openjdk-25-jdk) or set CAISSON_JDK to its folder" >&2
  return 1
}

need_packages() { # FILE...: installs the Debian packages listed there that are missing
  local missing=() package
  while read -r package _; do
    case $package in ''|'#'*) continue ;; esac
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done < <(cat "$@")
  [ ${#missing[@]} -eq 0 ] && return
  if [ "$(id -u)" != 0 ]; then
    echo "caisson: these Debian packages are missing: ${missing[*]}" >&2
    echo "  try: sudo apt-get install --no-install-recommends ${missing[*]}" >&2
    return 1
  fi
  echo "installing: ${missing[*]}"
  local policy=/usr/sbin/policy-rc.d made=
  # Peers such as dockerd and docker-registry must not start as services: tests start their own. policy-rc.d(8)
  if [ ! -e $policy ]; then printf '#!/bin/sh\nexit 101\n' >$policy; chmod +x $policy; made=yes; fi
  local status=0
  { apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${missing[@]}"; } \
    >/tmp/caisson-apt.$$ 2>&1 || status=$?
  [ -z "$made" ] || rm -f $policy
  [ $status -eq 0 ] || { tail -n 20 /tmp/caisson-apt.$$ >&2; echo "caisson: apt-get failed (above)" >&2; }
  rm -f /tmp/caisson-apt.$$
  return $status
}

JAVA_HOME=$(find_jdk)
export JAVA_HOME
# Maven's own libraries use Unsafe; JDK 25 warns about it on every run.
export MAVEN_OPTS="${MAVEN_OPTS:-} --sun-misc-unsafe-memory-access=allow --enable-native-access=ALL-UNNAMED -XX:TieredStopAtLevel=1 -XX:+UseSerialGC"

maven() { mvn -Dstyle.color=never --batch-mode --no-transfer-progress "$@"; }
build_all() { maven -q package -DskipTests; }
