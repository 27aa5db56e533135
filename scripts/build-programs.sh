#!/usr/bin/env bash
# The programs that the tests run against, each once, in promfleet's cache: <cache>/programs/<name>-<version>/<binary>.
# usage: build-programs.sh [--require] [prometheus alertmanager thanos otelcol debian | kubernetes helm]   (no name: the first five)
#   prometheus, alertmanager   built from their pinned Go modules
#   thanos                     the same; checks put its figures beside promfleet's
#   otelcol                    the core of OpenTelemetry's collector, which takes the gateway's traces
#   debian                     Debian's older Prometheus and its node exporter, unpacked from the packages
#   kubernetes                 all that a cluster on one machine is made of (e2e/testbed): Kubernetes in one binary, CoreDNS, a pause
#                              program, and Debian's containerd, runc, etcd, CNI plugins, iptables; kubectl where there is none
#   helm                       by which the chart is checked
#   --require                  what this machine cannot have is a failure, not a note (as with CI=true)
# A second run finds everything and ends at once. Needs a Go module proxy; Go itself is fetched where there is none.
set -euo pipefail

PROMETHEUS=3.16.0 PROMETHEUS_MODULE=v0.316.0 ALERTMANAGER=0.28.1 THANOS=0.42.4 GO=1.26.8 DEBIAN_PROMETHEUS=2
OTELCOL=0.165.0 OTELCOL_STABLE=1.71.0
KUBERNETES=1.34.4 COREDNS=1.12.4 PAUSE=1 HELM=4.3.1
# What runs containers, and the libraries that no Debian is sure to have.
NODE_PACKAGES="containerd runc containernetworking-plugins iptables conntrack etcd-server libnetfilter-conntrack3 libnfnetlink0 libxtables12 libip4tc2 libip6tc2 libnftnl11 libmnl0 libseccomp2"
# One service discovery's module cannot be had from every proxy: only the ones in use are compiled in.
PROMETHEUS_TAGS=netgo,remove_all_sd,enable_kubernetes_sd,enable_dns_sd,enable_consul_sd,enable_moby_sd
THANOS_TAGS=netgo,slicelabels,remove_all_sd,enable_kubernetes_sd,enable_dns_sd

here=$(cd "$(dirname "$0")" && pwd)
cache=${PROMFLEET_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/promfleet}
programs=$cache/programs
node=$here/../node_modules/node/bin/node
require=${CI:-}
work=

say() { echo "programs: $*" >&2; }
fail() { say "$*"; exit 1; }
clean() { if [ -n "$work" ]; then chmod -R u+w "$work" 2>/dev/null || true; rm -rf "$work"; fi; }
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

tells() { # BINARY VERSION: whether it runs and is that version
  [ -x "$1" ] && "$1" --version 2>&1 | grep -q "version $2 "
}

# Only one of these builds at a time; the others wait and then find what it built.
lock() {
  mkdir -p "$programs"
  if command -v flock >/dev/null; then exec 9>"$programs/.build.lock"; flock 9; fi
}

workplace() { # a folder beside the entries, so that a rename is enough
  [ -n "$work" ] || work=$(mktemp -d "$programs/.build-XXXXXX")
}

# --- Go -------------------------------------------------------------------------------------------------------------

go_is() { # MINOR: whether the go on PATH is 1.MINOR or later
  local minor
  minor=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
  [ -n "$minor" ] && [ "$minor" -ge "$1" ]
}

find_go() {
  export CGO_ENABLED=0 GOFLAGS=-buildvcs=false GOWORK=off GO111MODULE=on
  if go_is 26; then return; fi
  # From 1.21 on, Go fetches the toolchain that it is told to use.
  if go_is 21; then export GOTOOLCHAIN=go$GO; return; fi
  local own=$cache/go/go$GO
  [ -x "$own/bin/go" ] || bootstrap_go "$own"
  export GOROOT=$own GOTOOLCHAIN=local PATH=$own/bin:$PATH
}

# An older Go downloads the newer one as what it is too: a module, held against the checksum database.
bootstrap_go() { # FOLDER
  local own=$1 module found platform
  platform=$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
  workplace
  if ! command -v go >/dev/null; then
    [ -f /etc/debian_version ] || fail "there is no Go on PATH: install Go 1.21 or later"
    say "there is no Go on PATH: taking Debian's 1.19 to fetch $GO"
    "$node" "$here/fetch-debian.ts" tree "$work/debian-go" golang-1.19-go golang-1.19-src
    export GOROOT=$work/debian-go/usr/lib/go-1.19 PATH=$work/debian-go/usr/lib/go-1.19/bin:$PATH
  fi
  module=golang.org/toolchain@v0.0.1-go$GO.$platform
  say "fetching Go $GO"
  found=$(cd "$work" && go mod download -json "$module" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
  [ -n "$found" ] || fail "could not fetch $module"
  mkdir -p "$cache/go"
  rm -rf "$work/go"; cp -R "$found" "$work/go"; chmod -R u+w "$work/go"
  # A module's files are not executable, and a go.mod inside one has to be called something else.
  chmod +x "$work/go/bin/"* ; find "$work/go/pkg/tool" -type f -exec chmod +x {} + 2>/dev/null || true
  find "$work/go" -name _go.mod | while read -r file; do cp "$file" "${file%/*}/go.mod"; done
  GOROOT=$work/go "$work/go/bin/go" version >/dev/null || fail "the Go that was fetched does not run"
  mv "$work/go" "$own" 2>/dev/null || [ -x "$own/bin/go" ] || fail "cannot write $own"
}

# --- the programs ---------------------------------------------------------------------------------------------------

# go install takes exactly the dependencies that the project itself pins, whatever versions are newer.
build() { # NAME VERSION MODULE@VERSION TAGS COMPANION
  local name=$1 version=$2 module=${3%@*} at=${3#*@} tags=$4 companion=$5 entry=$programs/$1-$2 started=$SECONDS
  if tells "$entry/$name" "$version" && tells "$entry/$companion" "$version"; then say "$name $version: is there"; return; fi
  lock
  if tells "$entry/$name" "$version" && tells "$entry/$companion" "$version"; then say "$name $version: is there"; return; fi
  find_go; workplace
  say "$name $version: building (some minutes the first time)"
  mkdir -p "$work/$name"
  if ! (cd "$work" && GOBIN=$work/$name go install -tags "$tags" -trimpath \
    -ldflags "-s -w -X github.com/prometheus/common/version.Version=$version" \
    "$module/cmd/$name@$at" "$module/cmd/$companion@$at") >"$programs/$name-build.log" 2>&1; then
    tail -20 "$programs/$name-build.log" >&2
    fail "$name $version: not built, see $programs/$name-build.log"
  fi
  tells "$work/$name/$name" "$version" || fail "$name: what was built does not say that it is $version"
  if [ -e "$entry" ]; then mv "$entry" "$work/$name-before"; fi
  mv "$work/$name" "$entry"
  rm -f "$programs/$name-build.log"
  say "$name $version: built in $((SECONDS - started)) s"
}

# A module with replace directives can only be built from within; so the source is copied out of the module cache.
build_inside() { # NAME VERSION MODULE TAGS
  local name=$1 version=$2 module=$3 tags=$4 entry=$programs/$1-$2 started=$SECONDS source
  if tells "$entry/$name" "$version"; then say "$name $version: is there"; return; fi
  lock
  if tells "$entry/$name" "$version"; then say "$name $version: is there"; return; fi
  find_go; workplace
  say "$name $version: building (some minutes the first time)"
  source=$(cd "$work" && go mod download -json "$module@v$version" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
  [ -n "$source" ] || fail "could not fetch $module@v$version"
  mkdir -p "$work/$name"
  cp -R "$source" "$work/$name-source"; chmod -R u+w "$work/$name-source"
  if ! (cd "$work/$name-source" && go build -tags "$tags" -trimpath \
    -ldflags "-s -w -X github.com/prometheus/common/version.Version=$version" \
    -o "$work/$name/" "./cmd/$name") >"$programs/$name-build.log" 2>&1; then
    tail -20 "$programs/$name-build.log" >&2
    fail "$name $version: not built, see $programs/$name-build.log"
  fi
  tells "$work/$name/$name" "$version" || fail "$name: what was built does not say that it is $version"
  if [ -e "$entry" ]; then mv "$entry" "$work/$name-before"; fi
  mv "$work/$name" "$entry"
  rm -f "$programs/$name-build.log"
  say "$name $version: built in $((SECONDS - started)) s"
}

build_prometheus() { build prometheus $PROMETHEUS github.com/prometheus/prometheus@$PROMETHEUS_MODULE $PROMETHEUS_TAGS promtool; }
build_alertmanager() { build alertmanager $ALERTMANAGER github.com/prometheus/alertmanager@v$ALERTMANAGER netgo amtool; }
build_thanos() { build_inside thanos $THANOS github.com/thanos-io/thanos $THANOS_TAGS; }
build_debian() {
  if [ ! -f /etc/debian_version ] && [ -z "$require" ]; then
    say "Debian's Prometheus and node exporter: not on this machine, tests that need them are left out"; return
  fi
  "$node" "$here/fetch-debian.ts" program prometheus@$DEBIAN_PROMETHEUS node_exporter >&2 || exit 1
}

# --- a receiver of traces -------------------------------------------------------------------------------------------

make_otelcol() { # FOLDER
  local source=$work/otelcol-source path=go.opentelemetry.io/collector
  mkdir -p "$source"; cp "$here/../e2e/tracing/otelcol.go.txt" "$source/main.go"; cd "$source"
  { printf 'module tracing/otelcol\n\ngo 1.25.0\n\nrequire (\n'
    for each in otelcol service receiver/otlpreceiver exporter/otlphttpexporter; do echo "$path/$each v$OTELCOL"; done
    for each in component confmap/provider/fileprovider; do echo "$path/$each v$OTELCOL_STABLE"; done
    echo ')'; } >go.mod
  go mod tidy
  go build -trimpath -ldflags "-s -w -X main.version=$OTELCOL" -o "$1/otelcol" .
  "$1/otelcol" --version | grep -q "version $OTELCOL"
}

build_otelcol() { find_go; entry_of otelcol $OTELCOL make_otelcol; }

# --- a Kubernetes cluster -------------------------------------------------------------------------------------------

# Builds in a folder of its own what `tells_so BINARY` says is not there yet, under the lock.
entry_of() { # NAME VERSION BUILD: BUILD fills the folder that it is given
  local name=$1 version=$2 build=$3 entry=$programs/$1-$2 started=$SECONDS
  if [ -e "$entry/.whole" ]; then say "$name $version: is there"; return; fi
  lock
  if [ -e "$entry/.whole" ]; then say "$name $version: is there"; return; fi
  workplace
  mkdir -p "$work/$name"
  say "$name $version: making (some minutes the first time)"
  # in a condition, the shell would go on after a failure
  set +e; ( set -e; "$build" "$work/$name" ) >"$programs/$name-build.log" 2>&1; local code=$?; set -e
  if [ $code != 0 ]; then
    tail -20 "$programs/$name-build.log" >&2
    fail "$name $version: not made, see $programs/$name-build.log"
  fi
  touch "$work/$name/.whole"
  rm -rf "$entry"; mv "$work/$name" "$entry"
  rm -f "$programs/$name-build.log"
  say "$name $version: made in $((SECONDS - started)) s"
}

# Every component in one binary. Kubernetes' own requirements name its staging modules at v0.0.0: each is pointed at the release of the
# same patch.
make_hyperkube() { # FOLDER
  local out=$1 minor=${KUBERNETES#1.} patch source
  patch=${minor#*.} minor=${minor%.*}
  source=$work/hyperkube-source
  mkdir -p "$source"; cp "$here/../e2e/testbed/hyperkube.go.txt" "$source/main.go"; cd "$source"
  { printf 'module testbed/hyperkube\n\ngo 1.24.0\n\nrequire k8s.io/kubernetes v%s\n\nreplace (\n' $KUBERNETES
    sed -n 's/^[[:space:]]*\(k8s.io\/[a-z-]*\) v0\.0\.0$/\1/p' \
      "$(cd "$work" && go mod download -json k8s.io/kubernetes@v$KUBERNETES | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')" |
      sort -u | sed "s/.*/\t& => & v0.$minor.$patch/"
    echo ')'; } >go.mod
  go mod tidy
  local flags="-s -w -X k8s.io/component-base/version.gitVersion=v$KUBERNETES -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=$minor"
  go build -trimpath -ldflags "$flags" -o "$out/hyperkube" .
  "$out/hyperkube" apiserver --version | grep -q "v$KUBERNETES"
  if ! command -v kubectl >/dev/null; then go build -mod=mod -trimpath -ldflags "$flags" -o "$out/kubectl" k8s.io/kubernetes/cmd/kubectl; fi
}

make_coredns() { # FOLDER
  local source=$work/coredns-source
  cp -R "$(cd "$work" && go mod download -json github.com/coredns/coredns@v$COREDNS | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')" "$source"
  chmod -R u+w "$source"; cd "$source"
  go build -tags netgo -trimpath -ldflags "-s -w" -o "$1/coredns" .
  "$1/coredns" -version | grep -q "$COREDNS"
}

make_pause() { # FOLDER
  mkdir -p "$work/pause-source"; cd "$work/pause-source"
  cp "$here/../e2e/testbed/pause.go.txt" main.go; printf 'module testbed/pause\n\ngo 1.24.0\n' >go.mod
  go build -trimpath -ldflags "-s -w" -o "$1/pause" .
}

make_node() { # FOLDER
  # shellcheck disable=SC2086
  "$node" "$here/fetch-debian.ts" tree "$1" $NODE_PACKAGES
  export LD_LIBRARY_PATH=$1/usr/lib/x86_64-linux-gnu:$1/lib/x86_64-linux-gnu
  "$1/usr/bin/containerd" --version; "$1/usr/bin/runc" --version; "$1/usr/bin/etcd" --version
  # what Debian chooses by its alternatives
  mkdir -p "$1/bin"
  for each in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
    ln -s ../usr/sbin/xtables-nft-multi "$1/bin/$each"
  done
}

build_kubernetes() {
  find_go
  entry_of node $KUBERNETES make_node
  entry_of pause $PAUSE make_pause
  entry_of coredns $COREDNS make_coredns
  entry_of hyperkube $KUBERNETES make_hyperkube
}

# The chart is one of version 2, which Helm 3 and 4 read alike.
make_helm() { # FOLDER
  (cd "$work" && GOBIN=$1 go install -trimpath -ldflags "-s -w" "helm.sh/helm/v4/cmd/helm@v$HELM")
  "$1/helm" version --short
}
build_helm() { find_go; entry_of helm $HELM make_helm; }

if [ "${1:-}" = --require ]; then require=yes; shift; fi
for name in ${*:-prometheus alertmanager thanos otelcol debian}; do
  case $name in
    prometheus | alertmanager | thanos | otelcol | debian | kubernetes | helm) "build_$name" ;;
    *) sed -n 's/^# //p' "$0" | head -10 >&2; exit 2 ;;
  esac
done
