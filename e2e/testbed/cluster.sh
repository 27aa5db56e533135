#!/usr/bin/env bash
# A real Kubernetes cluster on one Linux machine: etcd, the control plane, CoreDNS and some nodes, each node with a containerd, a
# kubelet and a zone of its own, all in one network namespace that has no way out.
# usage: cluster.sh up | down | status | restart PART | kill POD CONTAINER | exec CMD…
#   up      starts it and waits until every node is ready; what is already up is left as it is
#   down    ends everything that up has started, and removes its state
#   restart kills a part (apiserver, etcd, kubelet-1 …) and starts it again; kill kills the process of a container
#   exec    runs a command inside its network, as its admin (KUBECONFIG is set)
# environment:
#   TESTBED_STATE   its folder, /var/lib/promfleet-testbed where it is not set
#   NODES           2
#   IMAGES          docker archives that every node gets, with blanks between
#   KEEP_LOGS       a folder into which down copies the logs
# Needs root and `scripts/build-programs.sh kubernetes`. Tried with cgroup v1 (each controller mounted by itself); v2 is handled and was not tried.
set -euo pipefail

cache=${PROMFLEET_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/promfleet}/programs
state=${TESTBED_STATE:-/var/lib/promfleet-testbed}
nodes=${NODES:-2}
netns=promfleet-testbed
net=192.0.2 pods=10.244 services=10.96
admin=$state/pki/admin.conf

say() { echo "testbed: $*" >&2; }
fail() { say "$*"; exit 1; }

newest() { # NAME BINARY: the folder of a program in the cache
  local found
  found=$(ls -d "$cache/$1"-*/ 2>/dev/null | sort -V | tail -1)
  [ -n "$found" ] && [ -e "$found/.whole" ] || fail "$1 is not there: scripts/build-programs.sh kubernetes"
  echo "${found%/}"
}

programs() {
  local node
  node=$(newest node) hyperkube=$(newest hyperkube)/hyperkube coredns=$(newest coredns)/coredns pause=$(newest pause)/pause
  # whatever is installed goes first: it was made for this machine
  PATH=$PATH:/usr/sbin:/sbin:$node/bin:$node/usr/bin:$node/usr/sbin:$(dirname "$hyperkube")
  export LD_LIBRARY_PATH=$node/usr/lib/x86_64-linux-gnu:$node/lib/x86_64-linux-gnu XTABLES_LIBDIR=$node/usr/lib/x86_64-linux-gnu/xtables
  cni=/usr/lib/cni; [ -x "$cni/bridge" ] || cni=$node/usr/lib/cni
}

# 'ip netns exec' would mount /sys anew and hide the cgroups.
inside() { nsenter --net="/run/netns/$netns" -- "$@"; }
kube() { inside kubectl --kubeconfig "$admin" "$@"; }

# Asks again and again. The pause between two looks is no wait for anything by itself.
until_true() { # SECONDS WHAT CMD…
  local deadline=$((SECONDS + $1)) what=$2; shift 2
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $deadline ] || fail "$what: not so in time (logs: $state/log)"
    sleep 0.1
  done
}

# A process is known by its id and by when it was started: an id alone may be somebody else's by then.
started_at() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
is_ours() { # NAME
  local pid at
  [ -f "$state/run/$1" ] && read -r pid at <"$state/run/$1" && [ -n "$at" ] && [ "$(started_at "$pid")" = "$at" ]
}
background() { # NAME CMD…
  local name=$1; shift
  if is_ours "$name"; then return; fi
  setsid nsenter --net="/run/netns/$netns" -- "$@" >>"$state/log/$name.log" 2>&1 </dev/null &
  echo "$! $(started_at $!)" >"$state/run/$name.new"; mv "$state/run/$name.new" "$state/run/$name"
}
end_group() { # SIGNAL NAME
  local pid at
  is_ours "$2" || return 0
  read -r pid at <"$state/run/$2"
  kill "-$1" -- "-$pid" 2>/dev/null || true
}
is_over() { ! is_ours "$1"; }

# --- what everyone is who he says he is by --------------------------------------------------------------------------

certificates() {
  if [ -f "$state/pki/whole" ]; then return; fi
  cd "$state/pki"
  openssl ecparam -name prime256v1 -genkey -noout -out ca.key
  openssl req -x509 -new -key ca.key -subj /CN=testbed -days 3650 -out ca.crt
  sign apiserver /CN=kube-apiserver "IP:127.0.0.1,IP:$services.0.1,IP:$net.10,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"
  sign admin /O=system:masters/CN=admin; kubeconfig admin
  for i in $(seq "$nodes"); do
    sign "node-$i" "/O=system:nodes/CN=system:node:node-$i" "IP:$net.1$i,DNS:node-$i"; kubeconfig "node-$i"
  done
  openssl genrsa -out sa.key 2048 2>/dev/null; openssl rsa -in sa.key -pubout -out sa.pub 2>/dev/null
  touch whole
}
sign() { # NAME SUBJECT [SAN]
  openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"
  openssl req -new -key "$1.key" -subj "$2" -out "$1.csr"
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 -out "$1.crt" \
    -extfile <(printf 'keyUsage=digitalSignature,keyEncipherment\nextendedKeyUsage=serverAuth,clientAuth\n%s' "${3:+subjectAltName=$3}") 2>/dev/null
}
kubeconfig() { # NAME
  local config="kubectl config --kubeconfig=$1.conf"
  $config set-cluster testbed --server=https://127.0.0.1:6443 --certificate-authority=ca.crt --embed-certs
  $config set-credentials user --client-certificate="$1.crt" --client-key="$1.key" --embed-certs
  $config set-context testbed --cluster=testbed --user=user
  $config use-context testbed
} >/dev/null

# --- its parts ------------------------------------------------------------------------------------------------------

network() {
  [ -e "/run/netns/$netns" ] || ip netns add $netns
  inside ip link set lo up
  inside ip link show node0 >/dev/null 2>&1 || inside ip link add node0 type bridge
  for i in $(seq 0 "$nodes"); do inside ip addr replace "$net.1$i/24" dev node0; done
  inside ip link set node0 up; inside ip route replace default dev node0
  inside sysctl -qw net.ipv4.ip_forward=1
  inside sysctl -qw net.bridge.bridge-nf-call-iptables=1 2>/dev/null || true
}

control_plane() {
  local pki=$state/pki
  # a machine that fails takes the cluster with it, whatever was synced
  background etcd etcd --data-dir "$state/etcd" --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
    --listen-peer-urls http://127.0.0.1:2380 --unsafe-no-fsync
  background apiserver "$hyperkube" apiserver --etcd-servers=http://127.0.0.1:2379 --secure-port=6443 --advertise-address=$net.10 \
    --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" --client-ca-file="$pki/ca.crt" \
    --service-account-key-file="$pki/sa.pub" --service-account-signing-key-file="$pki/sa.key" \
    --service-account-issuer=https://kubernetes.default.svc --service-cluster-ip-range=$services.0.0/16 --authorization-mode=Node,RBAC \
    --allow-privileged --kubelet-client-certificate="$pki/admin.crt" --kubelet-client-key="$pki/admin.key" \
    --kubelet-certificate-authority="$pki/ca.crt" --kubelet-preferred-address-types=InternalIP
  until_true 60 "the API server is ready" kube get --raw /readyz
  background controller-manager "$hyperkube" controller-manager --kubeconfig "$admin" --service-account-private-key-file="$pki/sa.key" \
    --root-ca-file="$pki/ca.crt" --use-service-account-credentials --leader-elect=false --node-monitor-grace-period=20s
  background scheduler "$hyperkube" scheduler --kubeconfig "$admin" --leader-elect=false
  background proxy "$hyperkube" proxy --kubeconfig "$admin" --proxy-mode=iptables --cluster-cidr=$pods.0.0/16 --hostname-override node-1 \
    --conntrack-max-per-core=0 --conntrack-tcp-timeout-established=0 --conntrack-tcp-timeout-close-wait=0
  printf 'cluster.local:53 {\n bind %s.10\n kubernetes cluster.local {\n  kubeconfig %s\n }\n cache 5\n}\n' $net "$admin" >"$state/Corefile"
  background coredns "$coredns" -conf "$state/Corefile"
}

has_v2() { [ -e /sys/fs/cgroup/cgroup.controllers ]; }

cgroups() { # I
  if has_v2; then
    mkdir -p "/sys/fs/cgroup/promfleet$1"
    for each in cpu cpuset io memory pids; do echo "+$each" >/sys/fs/cgroup/cgroup.subtree_control 2>/dev/null || true; done
    return
  fi
  local hierarchy
  for hierarchy in /sys/fs/cgroup/*/; do mkdir -p "$hierarchy/promfleet$1"; done
  for each in cpus mems; do cat "/sys/fs/cgroup/cpuset/cpuset.$each" >"/sys/fs/cgroup/cpuset/promfleet$1/cpuset.$each"; done
}

node() { # I
  local i=$1 dir=$state/node-$1
  mkdir -p "$dir/cni"
  printf '{"cniVersion":"0.4.0","name":"node%s","plugins":[{"type":"bridge","bridge":"cni%s","isGateway":true,"hairpinMode":true,"ipam":{"type":"host-local","dataDir":"%s/ipam","ranges":[[{"subnet":"%s.%s.0/24"}]],"routes":[{"dst":"0.0.0.0/0"}]}}]}' \
    "$i" "$i" "$dir" $pods "$i" >"$dir/cni/10-bridge.conflist"
  cat >"$dir/containerd.toml" <<TOML
version = 2
root = "$dir/containerd/root"
state = "$dir/containerd/state"
[grpc]
  address = "$dir/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "testbed/pause:1"
  restrict_oom_score_adj = true # without CAP_SYS_RESOURCE it can not be lowered
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$cni"
    conf_dir = "$dir/cni"
TOML
  cat >"$dir/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $net.1$i
healthzPort: $((10300 + i))
cgroupDriver: cgroupfs
cgroupRoot: /promfleet$i
failSwapOn: false
failCgroupV1: false
containerRuntimeEndpoint: unix://$dir/containerd.sock
clusterDNS: [$net.10]
clusterDomain: cluster.local
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $state/pki/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $state/pki/node-$i.crt
tlsPrivateKeyFile: $state/pki/node-$i.key
imageGCHighThresholdPercent: 100
podLogsDir: $dir/pod-logs
evictionHard: {nodefs.available: "1%", imagefs.available: "1%", memory.available: "100Mi"}
YAML
  cgroups "$i"
  background "containerd-$i" containerd -c "$dir/containerd.toml"
  until_true 30 "containerd of node-$i answers" inside ctr -a "$dir/containerd.sock" version
  for image in "$state/pause.tar" ${IMAGES:-}; do inside ctr -a "$dir/containerd.sock" -n k8s.io images import "$image" >/dev/null; done
  background "kubelet-$i" "$hyperkube" kubelet --config "$dir/kubelet.yaml" --kubeconfig "$state/pki/node-$i.conf" \
    --hostname-override "node-$i" --node-ip "$net.1$i" --root-dir "$dir/kubelet" --node-labels "topology.kubernetes.io/zone=zone-$i"
}

# Volumes as they are where it matters: tied to a node, bound when a pod is scheduled.
storage() {
  {
    printf 'apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: local}\nprovisioner: kubernetes.io/no-provisioner\nvolumeBindingMode: WaitForFirstConsumer\n'
    for i in $(seq "$nodes"); do for v in $(seq 12); do
      mkdir -p "$state/volumes/node-$i-$v"
      printf -- '---\napiVersion: v1\nkind: PersistentVolume\nmetadata: {name: node-%s-%s}\nspec: {capacity: {storage: 2Gi}, accessModes: [ReadWriteOnce], storageClassName: local, local: {path: %s/volumes/node-%s-%s}, nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [node-%s]}]}]}}}\n' \
        "$i" "$v" "$state" "$i" "$v" "$i"
    done; done
  } | kube apply -f - >/dev/null
}

# --- verbs ----------------------------------------------------------------------------------------------------------

up() {
  [ "$(id -u)" = 0 ] || fail "a network namespace and containers of its own need root"
  programs
  mkdir -p "$state"/{log,run,pki,volumes}
  # pods run under users of their own, and volumes are below it
  chmod 755 "$state" "$state/volumes"
  (certificates)
  [ -f "$state/pause.tar" ] || "$here/../../node_modules/node/bin/node" "$here/image.ts" testbed/pause:1 "$state/pause.tar" '["/pause"]' "$pause=/pause"
  network
  control_plane
  for i in $(seq "$nodes"); do node "$i"; done
  storage
  for i in $(seq "$nodes"); do until_true 60 "node-$i is there" kube get node "node-$i"; done
  kube wait --for=condition=Ready node --all --timeout=60s >/dev/null
  say "$nodes nodes are ready: $0 exec kubectl get nodes"
}

tasks() { inside ctr -a "$state/node-$1/containerd.sock" -n k8s.io tasks "${@:2}"; }
has_no_tasks() { [ -z "$(tasks "$1" ls -q 2>/dev/null | head -1)" ]; }
mounts() { awk -v below="$state/" 'index($2, below) == 1 {print $2}' /proc/mounts | sort -r; }

down() {
  [ -d "$state" ] || return 0
  programs
  local each name
  # first what would start containers again
  for each in "$state"/run/*; do
    name=$(basename "$each")
    case $name in kubelet-* | proxy | controller-manager | scheduler) end_group KILL "$name"; until_true 10 "$name is over" is_over "$name" ;; esac
  done
  for each in "$state"/node-*; do
    [ -S "$each/containerd.sock" ] || continue
    for task in $(tasks "${each##*node-}" ls -q 2>/dev/null); do tasks "${each##*node-}" kill -s 9 "$task" 2>/dev/null || true; done
  done
  for each in "$state"/run/*; do
    [ -e "$each" ] || continue
    name=$(basename "$each")
    end_group KILL "$name"; until_true 10 "$name is over" is_over "$name"
  done
  # a shim outlives its containerd; those of this cluster name its sockets
  for pid in $(pgrep -f "containerd-shim.* -address $state/" || true); do kill -9 "$pid" 2>/dev/null || true; done
  mounts | xargs -r umount -l 2>/dev/null || true
  for each in $(ip netns list | sed -n 's/^\(cni-[0-9a-f-]*\).*/\1/p'); do
    grep -qs "$each" -r "$state"/node-*/containerd/state "$state"/node-*/containerd/root 2>/dev/null && ip netns del "$each" 2>/dev/null || true
  done
  ip netns del $netns 2>/dev/null || true
  if [ -n "${KEEP_LOGS:-}" ]; then mkdir -p "$KEEP_LOGS"; cp -R "$state/log/." "$KEEP_LOGS"; fi
  for i in $(seq "$nodes"); do
    find /sys/fs/cgroup -depth -type d -path "*/promfleet$i*" -exec rmdir {} + 2>/dev/null || true
  done
  rm -rf "$state"
}

# Kills a part without a word, and starts it again when it is over.
restart() { # NAME
  [ -f "$state/run/$1" ] || fail "there is no $1"
  programs
  end_group KILL "$1"; until_true 10 "$1 is over" is_over "$1"
  case $1 in
    kubelet-*) node "${1#kubelet-}" ;;
    *) control_plane ;;
  esac
}

# Kills the process of a container of a pod, wherever it runs.
kill_container() { # POD CONTAINER
  programs
  local each id pid
  for each in "$state"/node-*; do
    id=$(inside ctr -a "$each/containerd.sock" -n k8s.io containers ls \
      "labels.\"io.kubernetes.pod.name\"==$1,labels.\"io.kubernetes.container.name\"==$2" -q | tail -1)
    [ -n "$id" ] || continue
    pid=$(tasks "${each##*node-}" ls | awk -v id="$id" '$1 == id {print $2}')
    if [ -n "$pid" ]; then kill -9 "$pid"; return; fi
  done
  fail "no container $2 of $1 runs"
}

status() {
  local each failed=0
  [ -d "$state/run" ] || fail "it is not up"
  for each in "$state"/run/*; do
    if is_ours "$(basename "$each")"; then echo "$(basename "$each") runs"; else echo "$(basename "$each") does not run"; failed=1; fi
  done
  return $failed
}

here=$(cd "$(dirname "$0")" && pwd)
case ${1:-} in
  up) up ;;
  down) down ;;
  status) status ;;
  restart) restart "$2" ;;
  kill) kill_container "$2" "$3" ;;
  exec) shift; programs; inside env KUBECONFIG="$admin" "$@" ;;
  *) sed -n 's/^# //p' "$0" | head -12 >&2; exit 2 ;;
esac
