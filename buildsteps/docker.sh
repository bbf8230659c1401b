# shellcheck shell=bash
# Sourced by the build: a working Docker daemon, the base image and the toolchain images.
# Never --privileged, and always the host's network: neither a bridge nor iptables is needed.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

fail() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# triplet_of ARCH: the GNU name of an image's architecture
triplet_of() {
  case $1 in
    aarch64) echo aarch64-linux-gnu ;;
    armhf) echo arm-linux-gnueabihf ;;
    amd64) echo x86_64-linux-gnu ;;
    *) fail "unknown architecture '$1': aarch64, armhf and amd64 are known" ;;
  esac
}

# architecture_of PLATFORM: aarch64 of aarch64+armhf (buildsteps/platforms)
architecture_of() {
  if [ ! -f "$ROOT/buildsteps/platforms/$1.toml" ] || [ "$1" = common ]; then
    fail "unknown platform '$1': aarch64, armhf, amd64 and aarch64+armhf are known"
  fi
  echo "${1%%+*}"
}

# install_packages COMMAND=PACKAGE...: installs the packages whose command (or file) is missing, or names them
install_packages() {
  local pair missing=()
  for pair; do
    command -v "${pair%%=*}" >/dev/null || [ -e "${pair%%=*}" ] || missing+=("${pair#*=}")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || fail "these Debian packages are needed: ${missing[*]} (as root: apt-get install ${missing[*]})"
  echo "installing ${missing[*]}" >&2
  local log attempt
  log=$(mktemp)
  for attempt in 1 2 3; do
    if { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } \
      >"$log" 2>&1 </dev/null; then
      rm -f "$log"
      return 0
    fi
    sleep $((attempt * 3))
  done
  tail -n 20 "$log" >&2
  fail "apt-get could not install ${missing[*]} (log: $log)"
}

docker_answers() {
  docker info >/dev/null 2>&1
}

# Plain dockerd works on a Debian VM with cgroup v1 and overlayfs (tried). The others are for machines without
# overlayfs on overlayfs or without iptables; a bridge is never used here. The plain one has a second try: dockerd gives its
# containerd 15 s, which a disk that has not read it yet may need for the program alone (seen).
start_daemon_by_hand() {
  local log=/var/log/dockerd.log options attempt pid
  for options in "" "" "--iptables=false --ip6tables=false --bridge=none" \
    "--iptables=false --ip6tables=false --bridge=none --storage-driver=vfs"; do
    # shellcheck disable=SC2086 # a list of options
    setsid dockerd $options >"$log" 2>&1 </dev/null &
    pid=$!
    for ((attempt = 0; attempt < 60; attempt++)); do
      docker_answers && return 0
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.5
    done
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  return 1
}

ensure_docker() {
  install_packages docker=docker.io dockerd=docker.io
  docker_answers && return 0
  [ "$(id -u)" = 0 ] || fail "no Docker daemon answers: start it, and let this user use it (group docker)"
  echo "starting the Docker daemon" >&2
  if [ -d /run/systemd/system ] && systemctl start docker && docker_answers; then
    return 0
  fi
  start_daemon_by_hand || fail "the Docker daemon does not start (log: /var/log/dockerd.log)"
}

# apt_sources SUITE: sources lines for a Debian suite, from UEBO_APT_SOURCES (@SUITE@ stands for the suite) or from
# this machine's own apt; nothing where neither says (then the base image's own are used).
apt_sources() {
  local suite=$1 label address
  if [ -n "${UEBO_APT_SOURCES:-}" ]; then
    printf '%b\n' "${UEBO_APT_SOURCES//@SUITE@/$suite}"
    return 0
  fi
  command -v apt-get >/dev/null || return 0
  # shellcheck disable=SC2016 # the names are apt's
  apt-get indextargets --format '$(CREATED_BY)|$(ORIGIN)|$(LABEL)|$(REPO_URI)' 2>/dev/null |
    sed -n 's/^Packages|Debian|//p' | sort -u |
    while IFS='|' read -r label address; do
      case $label in
        Debian) echo "deb $address $suite main" ;;
        Debian-Security) echo "deb $address $suite-security main" ;;
      esac
    done
}

# A machine whose lists are empty (a fresh container, a pruned image) knows no mirror yet.
ensure_apt_lists() {
  if [ "$(id -u)" = 0 ] && [ -z "$(apt_sources trixie)" ] && command -v apt-get >/dev/null; then
    apt-get update >/dev/null 2>&1 || true
  fi
}

ensure_base_image() {
  local base=debian:trixie-slim mirror
  docker image inspect $base >/dev/null 2>&1 && return 0
  timeout 120 docker pull -q $base >/dev/null 2>&1 && return 0
  install_packages mmdebstrap=mmdebstrap
  [ "$(id -u)" = 0 ] || command -v newuidmap >/dev/null || install_packages newuidmap=uidmap
  mirror=$(apt_sources trixie)
  # With "-" mmdebstrap reads the sources lines from its input; with nothing it takes Debian's own.
  if [ -n "$mirror" ]; then
    mmdebstrap --quiet --variant=minbase trixie - - <<<"$mirror" | docker import - $base >/dev/null
  else
    mmdebstrap --quiet --variant=minbase trixie - </dev/null | docker import - $base >/dev/null
  fi
}

# image_of TARGET ARCH: the tag of an image, made of what it is made from
image_of() {
  local target=$1 arch=$2 files=(setup-apt) hash
  case $target in
    lint) files+=(lint.Dockerfile tidy_own_code.cpp) arch=all ;;
    fuzz) files+=(fuzz.Dockerfile) arch=all ;;
    toolchain) files+=(Dockerfile) ;;
    third-party)
      files+=(Dockerfile third-party.toml fetch-sources build-third-party busybox.config mbedtls.config.h toolchains)
      ;;
    *) fail "unknown image '$target': toolchain, third-party, lint and fuzz are known" ;;
  esac
  hash=$(cd "$ROOT/docker" && find "${files[@]}" -type f | LC_ALL=C sort | xargs cat | sha256sum | cut -c1-12)
  echo "uebo-$target-$arch:$hash"
}

# build_image TARGET ARCH: builds the image unless it is there; docker's output goes to standard output
build_image() {
  local target=$1 arch=$2 tag file=Dockerfile triplet sources
  tag=$(image_of "$target" "$arch")
  docker image inspect "$tag" >/dev/null 2>&1 && return 0
  [ ! -f "$ROOT/docker/$target.Dockerfile" ] || file=$target.Dockerfile
  triplet=$(triplet_of "$arch")
  sources=$(apt_sources trixie | sed -z 's/\n$//; s/\n/\\n/g')
  docker build --network=host --file "$ROOT/docker/$file" --target "$target" --tag "$tag" --build-arg "ARCH=$arch" \
    --build-arg "TRIPLET=$triplet" --build-arg "APT_SOURCES=$sources" "$ROOT/docker" 2>&1
}

# run_in_image TARGET ARCH COMMAND...: as this user, in the tree at its own path. RUN_OPTIONS adds options of docker run.
run_in_image() {
  local target=$1 arch=$2
  shift 2
  mkdir -p "$ROOT/out/ccache"
  docker run --rm --init --network=host --user "$(id -u):$(id -g)" --volume "$ROOT:$ROOT" --workdir "$PWD" \
    --env HOME=/tmp --env "CCACHE_DIR=$ROOT/out/ccache" --env "CCACHE_BASEDIR=$ROOT" --env PYTHONDONTWRITEBYTECODE=1 \
    "${RUN_OPTIONS[@]}" "$(image_of "$target" "$arch")" "$@"
}
