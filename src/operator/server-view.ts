/** What is known of a server on the cluster, and of what it runs. */
export interface ServerView {
  name: string;
  shard: string;
  replica: string;
  /** Hash of the template that its StatefulSet has; undefined where it has none. */
  template: string | undefined;
  /** The generation of its configuration in its Secret. */
  secret: string | undefined;
  pod: PodView | undefined;
  /** The generation that the server itself shows; undefined where it does not answer. */
  shown: string | undefined;
  /** Whether it has all that its partners have, since it came back. */
  healed: boolean;
}

export interface PodView {
  name: string;
  uid: string;
  /** Hash of the template that it was made from. */
  template: string | undefined;
  /** Touched for this generation. */
  touched: string | undefined;
  ready: boolean;
  leaving: boolean;
  node: string | undefined;
  /** Of the server's container. */
  restarts: number;
  /** When it was started last, as the kubelet tells. */
  startedAt: string | undefined;
  /** Why it does not run, in the words of Kubernetes: "ImagePullBackOff: …". */
  trouble: string | undefined;
  /** Why it ended the time before: "OOMKilled". */
  lastEnd: string | undefined;
}

/** What a server is to be. */
export interface ServerWanted {
  name: string;
  shard: string;
  template: string;
  generation: string;
}
