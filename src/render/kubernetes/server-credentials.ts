/** By which servers know the fleet: its gateways, its other servers, and whoever runs it. */
export interface ServerCredentials {
  username: string;
  password: string;
  /** bcrypt of the password, as Prometheus' web configuration has it. */
  hash: string;
}

/** Files beside prometheus.yml. The configuration names none of them, so a new password is no new configuration. */
export const webFiles = {
  /** What the server asks for: flag --web.config.file. */
  config: "web.yml",
  /** What promtool asks with. */
  client: "web-client.yml",
  password: "web-password",
} as const;

/** Beside topology.json. */
export const gatewayPasswordFile = "server-password";

/** Their contents, by name. JSON is YAML. */
export function webFileContents({ username, password, hash }: ServerCredentials): Record<string, string> {
  return {
    [webFiles.config]: `${JSON.stringify({ basic_auth_users: { [username]: hash } })}\n`,
    [webFiles.client]: `${JSON.stringify({ basic_auth: { username, password_file: webFiles.password } })}\n`,
    [webFiles.password]: password,
  };
}
