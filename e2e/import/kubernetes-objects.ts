/** A few Kubernetes objects of every kind that Prometheus discovers targets from, alike in every run. */
type KubernetesObject = Record<string, unknown>;

const nodes = 7;
const namespaces = ["default", "kube-system", "shop"];
const apps = ["api", "cart", "kube-dns", "mail", "search"];

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const meta = (name: string, namespace?: string, more: KubernetesObject = {}): KubernetesObject => ({
  name,
  uid: `uid-${namespace ?? ""}-${name}`,
  resourceVersion: "1",
  ...(namespace === undefined ? {} : { namespace }),
  ...more,
});

/** Every second application asks to be scraped in the usual way, by annotations. */
const annotations = (index: number): Record<string, string> =>
  index % 2 === 1
    ? {}
    : {
        "prometheus.io/scrape": "true",
        "prometheus.io/probe": "true",
        "prometheus.io/port": String(8080 + index),
        "prometheus.io/path": index === 0 ? "/metrics" : `/metrics/${index}`,
        "prometheus.io/scheme": "http",
      };

const nodeAddress = (node: number) => `192.0.2.${node + 1}`;
const podAddress = (namespace: number, app: number, replica: number) =>
  `198.51.100.${namespace * 60 + app * 10 + replica + 1}`;

function node(index: number): KubernetesObject {
  const labels = {
    "kubernetes.io/hostname": `node-${index}`,
    "topology.kubernetes.io/zone": `zone-${index % 2}`,
  };
  return {
    metadata: meta(`node-${index}`, undefined, { labels, annotations: {} }),
    spec: { podCIDR: "10.0.0.0/24", providerID: `test://node-${index}` },
    status: {
      addresses: [
        { type: "InternalIP", address: nodeAddress(index) },
        { type: "Hostname", address: `node-${index}` },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      conditions: [{ type: "Ready", status: "True" }],
    },
  };
}

function pod(namespace: number, app: number, replica: number): KubernetesObject {
  const name = apps[app] ?? "";
  return {
    metadata: meta(`${name}-${replica}`, namespaces[namespace], {
      labels: { app: name, "app.kubernetes.io/name": name, "k8s-app": name },
      annotations: annotations(app),
    }),
    spec: {
      nodeName: `node-${(namespace + app + replica) % nodes}`,
      containers: [
        {
          name: "main",
          image: `${name}:1`,
          ports: [
            { name: "http", containerPort: 8080, protocol: "TCP" },
            { name: "metrics", containerPort: 9100, protocol: "TCP" },
          ],
        },
        { name: "helper", image: "helper:1" },
      ],
    },
    status: {
      phase: replica === 3 ? "Succeeded" : "Running",
      podIP: podAddress(namespace, app, replica),
      hostIP: nodeAddress((namespace + app + replica) % nodes),
      conditions: [{ type: "Ready", status: "True" }],
      containerStatuses: [{ name: "main", containerID: `test://${name}-${replica}`, ready: true }],
    },
  };
}

function service(namespace: number, app: number): KubernetesObject {
  const name = apps[app] ?? "";
  return {
    metadata: meta(name, namespaces[namespace], { labels: { app: name }, annotations: annotations(app) }),
    spec: {
      type: "ClusterIP",
      clusterIP: `203.0.113.${namespace * 10 + app + 1}`,
      ports: [{ name: "http", port: 80, protocol: "TCP", targetPort: 8080 }],
    },
  };
}

const addresses = (namespace: number, app: number) =>
  numbers(3).map((replica) => ({
    address: podAddress(namespace, app, replica),
    nodeName: `node-${(namespace + app + replica) % nodes}`,
    targetRef: { kind: "Pod", namespace: namespaces[namespace], name: `${apps[app]}-${replica}` },
  }));

function endpoints(namespace: number, app: number): KubernetesObject {
  const ready = addresses(namespace, app).map(({ address, ...rest }) => ({ ip: address, ...rest }));
  const ports = [
    { name: "http", port: 8080, protocol: "TCP" },
    { name: "metrics", port: 9100, protocol: "TCP" },
  ];
  return {
    metadata: meta(apps[app] ?? "", namespaces[namespace], { labels: { app: apps[app] } }),
    subsets: [{ addresses: ready, ports }],
  };
}

function endpointSlice(namespace: number, app: number): KubernetesObject {
  const name = apps[app] ?? "";
  return {
    metadata: meta(`${name}-slice`, namespaces[namespace], {
      labels: { "kubernetes.io/service-name": name },
    }),
    addressType: "IPv4",
    endpoints: addresses(namespace, app).map(({ address, ...rest }) => ({
      addresses: [address],
      conditions: { ready: true },
      ...rest,
    })),
    ports: [{ name: "http", port: 8080, protocol: "TCP" }],
  };
}

function ingress(namespace: number): KubernetesObject {
  return {
    metadata: meta("front", namespaces[namespace], { labels: {}, annotations: annotations(0) }),
    spec: {
      rules: numbers(3).map((host) => ({
        host: `host-${host}.${namespaces[namespace]}.example`,
        http: { paths: [{ path: "/", pathType: "Prefix" }] },
      })),
    },
  };
}

const everywhere = <T>(make: (namespace: number, app: number) => T): T[] =>
  namespaces.flatMap((_, namespace) => apps.map((_, app) => make(namespace, app)));

/** By the last part of the API's path: kind of the list, API version, objects. */
export const kubernetesLists: Readonly<
  Record<string, { kind: string; apiVersion: string; items: readonly KubernetesObject[] }>
> = {
  nodes: { kind: "NodeList", apiVersion: "v1", items: numbers(nodes).map(node) },
  namespaces: {
    kind: "NamespaceList",
    apiVersion: "v1",
    items: namespaces.map((name) => ({ metadata: meta(name) })),
  },
  pods: {
    kind: "PodList",
    apiVersion: "v1",
    items: everywhere((namespace, app) => numbers(4).map((replica) => pod(namespace, app, replica))).flat(),
  },
  services: { kind: "ServiceList", apiVersion: "v1", items: everywhere(service) },
  endpoints: { kind: "EndpointsList", apiVersion: "v1", items: everywhere(endpoints) },
  endpointslices: {
    kind: "EndpointSliceList",
    apiVersion: "discovery.k8s.io/v1",
    items: everywhere(endpointSlice),
  },
  ingresses: {
    kind: "IngressList",
    apiVersion: "networking.k8s.io/v1",
    items: namespaces.map((_, namespace) => ingress(namespace)),
  },
};
