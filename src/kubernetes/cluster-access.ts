/** How an API server is spoken to, and as whom. */
export interface ClusterAccess {
  /** Base URL without a trailing slash. */
  server: string;
  tls: {
    ca?: string;
    cert?: string;
    key?: string;
    /** False only where the kubeconfig says that nobody is to look. */
    rejectUnauthorized?: boolean;
    servername?: string;
  };
  /** A bearer token, asked for before each request: it may be replaced at any time. Undefined: none is needed. */
  token: (() => Promise<string>) | undefined;
  /** That is meant where none is named. */
  namespace: string;
}
