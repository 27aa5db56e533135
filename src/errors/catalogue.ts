import { exit } from "./exit-codes.ts";

interface Entry {
  /** What it means, one sentence. */
  meaning: string;
  /** What to do, when the place that raises it knows nothing better. */
  advice: string;
  exit: number;
  /** The HTTP status when the gateway raises it. */
  status?: number;
}

/** Every error there is. docs/errors.md is made from this and checked against it. Keep it sorted by code. */
export const catalogue = {
  ANSWER_TOO_LARGE: {
    meaning: "The answers of all shards to one request hold more than the gateway takes at once.",
    advice: "Ask for less: a `limit`, a narrower selector, or a shorter time range.",
    exit: exit.input,
    status: 422,
  },
  APPLY_IN_PROGRESS: {
    meaning: "Another change of the fleet is under way.",
    advice: "Wait until it is done; `promfleet status` shows how far it is.",
    exit: exit.environment,
  },
  API_FORBIDDEN: {
    meaning: "The tenant may not ask for this: its answer can not be restricted to what the tenant may see.",
    advice: "Ask as a tenant that sees everything (`everything: true`), or declare the right.",
    exit: exit.input,
    status: 403,
  },
  BAD_PARAMETER: {
    meaning: "A parameter of a request to the gateway is missing or wrong.",
    advice: "Correct it as the documentation of Prometheus' HTTP API has it.",
    exit: exit.input,
    status: 400,
  },
  CHANGE_FAILED: {
    meaning: "A change of the running fleet was begun, failed, and was taken back.",
    advice: "Correct what the message names and apply the file again; the fleet runs as before.",
    exit: exit.failed,
  },
  CLUSTER_REFUSED: {
    meaning: "The API server of Kubernetes refuses what it was asked to do.",
    advice: "Read what it says; where it forbids something, `kubectl auth can-i` tells who may.",
    exit: exit.failed,
  },
  CLUSTER_UNREACHABLE: {
    meaning: "The API server of Kubernetes does not answer.",
    advice: "See whether `kubectl version` reaches it with the same kubeconfig and context.",
    exit: exit.environment,
  },
  CONFIG_TOO_LARGE: {
    meaning: "The configuration of a server does not fit into the Secrets that Kubernetes stores.",
    advice: "Spread the rules over more groups, or have fewer and more general jobs.",
    exit: exit.input,
  },
  CRD_MISSING: {
    meaning: "The cluster has no definition of PrometheusFleet.",
    advice:
      "Install it: `promfleet crd | kubectl apply --server-side -f -`, or the Helm chart, which has the operator, too.",
    exit: exit.absent,
  },
  DISK_FULL: {
    meaning: "There is no space left on the disk of the state.",
    advice: "Free some space, or name another folder with --state. What was there before is intact.",
    exit: exit.environment,
  },
  EVALUATOR_DROPS_HISTOGRAMS: {
    meaning:
      "The query reads native histograms over several shards, and an evaluator older than 2.44 would leave them out without a word.",
    advice: "Use Prometheus 2.44 or newer for the evaluator, or select series without native histograms.",
    exit: exit.input,
    status: 422,
  },
  EVALUATOR_FAILED: {
    meaning: "The evaluator, the Prometheus beside the gateway, did not answer as it should, more than once.",
    advice: "Look into its log; the gateway restarts an evaluator that it owns by itself.",
    exit: exit.failed,
    status: 503,
  },
  FILE_ABSENT: {
    meaning: "A file that was named is not there.",
    advice: "Correct the path; `promfleet init` writes a fleet.yaml to start from.",
    exit: exit.absent,
  },
  FILE_EXISTS: {
    meaning: "The file to be written is there already.",
    advice: "Move it away, or work in another folder: promfleet never writes over it.",
    exit: exit.environment,
  },
  FILE_UNREADABLE: {
    meaning: "A file that was named cannot be read.",
    advice: "Name a file, not a folder, and one that this user may read.",
    exit: exit.environment,
  },
  FLEET_ABSENT: {
    meaning: "There is no fleet with its state there.",
    advice: "Start one with `promfleet up`, or name its state with --state.",
    exit: exit.absent,
  },
  FLEET_AMBIGUOUS: {
    meaning: "More than one fleet has its state on this machine.",
    advice: "Say which one is meant with --state DIR.",
    exit: exit.usage,
  },
  GATEWAY_BUSY: {
    meaning: "The gateway works on as many requests as it may, and as many as may wait do.",
    advice: "Ask again in a moment; spec.gateway.limits says how many may be worked on and wait.",
    exit: exit.failed,
    status: 503,
  },
  GATEWAY_CLOSING: {
    meaning: "The gateway is being stopped.",
    advice: "Ask again in a moment.",
    exit: exit.failed,
    status: 503,
  },
  GATEWAY_SILENT: {
    meaning: "A gateway does not answer a command as it should.",
    advice:
      "See whether it runs: `promfleet status`; and whether the address is that of a promfleet gateway.",
    exit: exit.environment,
  },
  HEAL_FAILED: {
    meaning: "A server, or the partner that it is healed from, does not do what healing asks of it.",
    advice:
      "Look at its log with `promfleet logs NAME`. Healing can be repeated: it goes on with what is missing.",
    exit: exit.failed,
  },
  HEALING_OFF: {
    meaning: "The servers of the fleet take no samples that are late, so nothing can be copied into them.",
    advice:
      "Set spec.prometheus.outOfOrderWindow, have two replicas, and use Prometheus 2.39 or later, 2.44 where native histograms are scraped; then run `promfleet up`.",
    exit: exit.input,
  },
  IMPORT_REFUSED: {
    meaning: "A prometheus.yml, or a file that it names, is not what Prometheus would take.",
    advice: "Correct it until `promtool check config` accepts it.",
    exit: exit.input,
  },
  INPUT_SYNTAX: {
    meaning: "A file does not parse as YAML, or as JSON.",
    advice: "Correct the text at this place.",
    exit: exit.input,
  },
  INPUT_TOO_LARGE: {
    meaning: "A file holds more than promfleet reads.",
    advice: "Make it smaller; targets can go into files for file_sd_configs.",
    exit: exit.input,
  },
  INTERNAL: {
    meaning: "promfleet met a condition that it believes impossible.",
    advice: "This is a bug in promfleet: please report it with the command and the log.",
    exit: exit.internal,
    status: 500,
  },
  KUBECONFIG_INVALID: {
    meaning: "What says how to reach a Kubernetes cluster is not there, or wrong.",
    advice: "Name a kubeconfig with --kubeconfig or in KUBECONFIG; `kubectl config view` shows what it says.",
    exit: exit.environment,
  },
  LISTEN_FAILED: {
    meaning: "The address to listen on cannot be used.",
    advice:
      "Name an address of this machine, such as 127.0.0.1, and a port that you may use (1024 or higher).",
    exit: exit.environment,
  },
  NOT_STARTED: {
    meaning: "A process of the fleet does not become ready.",
    advice: "Its own last words are in the message; `promfleet logs NAME` shows all of them.",
    exit: exit.failed,
  },
  OUTPUT_NOT_EMPTY: {
    meaning: "The folder to write into holds files that promfleet did not write.",
    advice: "Name an empty or new folder, or pass --force to replace what is there.",
    exit: exit.environment,
  },
  OUTPUT_NOT_WRITABLE: {
    meaning: "The folder to write into cannot be written.",
    advice: "Correct its permissions, free some space, or name another folder; what was there is as it was.",
    exit: exit.environment,
  },
  PORT_TAKEN: {
    meaning: "A port that was asked for is in use by another program.",
    advice: "Stop that program, ask for another port, or leave the port out to have one chosen.",
    exit: exit.environment,
  },
  PROGRAM_HASH_MISMATCH: {
    meaning: "What was downloaded is not the program that promfleet knows: its SHA-256 is another.",
    advice:
      "Nothing of it was kept. Check the mirror in PROMFLEET_RELEASES or the proxy in between, or install the program yourself.",
    exit: exit.program,
  },
  PROGRAM_MISSING: {
    meaning: "A program that is needed was found nowhere.",
    advice:
      "Install it, or name its path in the environment; `promfleet programs` shows where promfleet looks.",
    exit: exit.program,
  },
  PROGRAM_NOT_RUNNABLE: {
    meaning: "The path that was named for a program does not lead to one that runs.",
    advice: "Correct the path in fleet.yaml or in the environment, or leave it out to have one found.",
    exit: exit.program,
  },
  PROGRAM_WRONG_VERSION: {
    meaning: "The path that was named for a program leads to another version than the one asked for.",
    advice: "Correct the path or the version, or leave one of the two out.",
    exit: exit.program,
  },
  PROMETHEUS_CONFIG_REFUSED: {
    meaning: "Prometheus itself would refuse the configuration that comes out of fleet.yaml.",
    advice: "Correct the section as Prometheus' own documentation has it for the version in use.",
    exit: exit.input,
  },
  PROMETHEUS_FLAGS_REFUSED: {
    meaning: "Prometheus itself would refuse a flag of extraArgs.",
    advice: "Correct the flag as `prometheus --help` of the version in use has it.",
    exit: exit.input,
  },
  PROMETHEUS_RULES_REFUSED: {
    meaning: "Prometheus itself would refuse a rule of fleet.yaml.",
    advice: "Correct the rule; Prometheus' own words are in the message.",
    exit: exit.input,
  },
  QUERY_NEEDS_ONE_SHARD: {
    meaning: "The query uses something that works only within one Prometheus: the function info().",
    advice: "Write it as a join with group_left(), which works over all shards.",
    exit: exit.input,
    status: 422,
  },
  QUERY_NOT_ENFORCEABLE: {
    meaning:
      "A selector of a tenant is not understood as a whole, so it is not certain that only what the tenant may see would be read: it is refused.",
    advice:
      "Correct it, or write it in a simpler way: without info(), without constructs that are newer than promfleet, and in at most 65536 characters.",
    exit: exit.input,
    status: 422,
  },
  QUERY_NOT_MARKABLE: {
    meaning:
      "The query is written in a way that can not be answered over shards with an evaluator older than 3.0: promfleet does not understand all of it.",
    advice: "Use Prometheus 3 for the evaluator, or write the query in a simpler way.",
    exit: exit.input,
    status: 422,
  },
  QUERY_TIMEOUT: {
    meaning: "A request was not answered in the time that it may take.",
    advice: "Ask for less, or raise spec.gateway.limits.timeout.",
    exit: exit.failed,
    status: 503,
  },
  QUERY_TOO_COMPLEX: {
    meaning: "The query is nested too deeply, or has too many operators or selectors.",
    advice: "Write it in a simpler way, or as several queries; recording rules can hold parts of it.",
    exit: exit.input,
    status: 422,
  },
  QUERY_TOO_MUCH_DATA: {
    meaning: "The query reads more raw data than may be held at once.",
    advice: "Ask for a shorter time range, or for fewer series.",
    exit: exit.input,
    status: 422,
  },
  REQUEST_TOO_LARGE: {
    meaning: "A request to the gateway, or the query in it, is larger than may be.",
    advice: "Shorten it; spec.gateway.limits.maxQueryBytes bounds the text of a query.",
    exit: exit.input,
    status: 413,
  },
  RESERVED_NAME: {
    meaning: "A request uses a metric or label name that begins with __promfleet_.",
    advice: "Leave it out: such names exist only between the gateway and its evaluator.",
    exit: exit.input,
    status: 400,
  },
  RULE_NEEDS_ALL_SHARDS: {
    meaning: "A rule can not be shown to come out right on each shard alone, and there is more than one.",
    advice:
      'Keep `instance` in every aggregation and matching, read only jobs scraped with onEveryShard (pinned by job="…"), or set shards to 1.',
    exit: exit.input,
  },
  SERVER_UNKNOWN: {
    meaning: "The fleet has no process of that name.",
    advice: "`promfleet status` lists the names.",
    exit: exit.absent,
  },
  SAMPLES_UNAVAILABLE: {
    meaning:
      "The request says `partial_response=false`, and of a time that it reads only a replica has all samples that is not available.",
    advice:
      "`promfleet coverage` shows which replica lacks what. Without the parameter the answer comes with a warning; it is whole as soon as the replica is back.",
    exit: exit.failed,
    status: 503,
  },
  SHARD_UNAVAILABLE: {
    meaning:
      "No replica of a shard answers, so any answer would lack its series: the gateway gives none. The message names the shard and what each of its servers did.",
    advice: "`promfleet status` shows the servers; the gateway answers again as soon as one of them does.",
    exit: exit.failed,
    status: 503,
  },
  SPEC_CONFLICT: {
    meaning: "Two things in fleet.yaml do not go together.",
    advice: "Change one of the two.",
    exit: exit.input,
  },
  SPEC_DUPLICATE: {
    meaning: "A name in fleet.yaml is given twice.",
    advice: "Give each a name of its own.",
    exit: exit.input,
  },
  SPEC_INVALID: {
    meaning: "A value in fleet.yaml is not one that can stand there.",
    advice: "Correct the value; docs/reference/fleet.md says what is expected.",
    exit: exit.input,
  },
  SPEC_MISSING_KEY: {
    meaning: "A key that fleet.yaml must have is not there.",
    advice: "Add the key; docs/reference/fleet.md lists every key.",
    exit: exit.input,
  },
  SPEC_NOT_A_STRING: {
    meaning: "Prometheus wants a string, and YAML makes something else of what is written.",
    advice: "Put it in quotes.",
    exit: exit.input,
  },
  SPEC_NOT_BUILT: {
    meaning: "A section of fleet.yaml is planned, and this version of promfleet has no code for it.",
    advice: "Remove the section: nothing would come of it.",
    exit: exit.input,
  },
  SPEC_UNKNOWN_KEY: {
    meaning: "A key in fleet.yaml is not one that promfleet knows at this place.",
    advice: "Remove the key or correct its spelling; docs/reference/fleet.md lists every key.",
    exit: exit.input,
  },
  START_IN_PROGRESS: {
    meaning: "Another command is starting or stopping this fleet at this moment.",
    advice: "Wait until it is done, then try again.",
    exit: exit.environment,
  },
  STATE_CORRUPT: {
    meaning: "A file of the state does not hold what promfleet wrote into it.",
    advice:
      "Restore the file from a backup; if there is none, stop the fleet, move the file away, and start again.",
    exit: exit.environment,
  },
  STATE_NOT_OURS: {
    meaning: "The folder named for the state is in use for something else.",
    advice: "Name an empty or a new folder with --state.",
    exit: exit.environment,
  },
  STATE_NOT_WRITABLE: {
    meaning: "The state folder, or a file in it, cannot be written.",
    advice: "Correct its permissions, or name another folder with --state.",
    exit: exit.environment,
  },
  SUPERVISOR_SILENT: {
    meaning: "The supervisor of the fleet is there and does not answer.",
    advice:
      "Look at logs/supervisor.log in the state; if it hangs, end it with SIGKILL and run `promfleet up` again: the servers go on and are taken over.",
    exit: exit.failed,
  },
  TAKEN_DOWN: {
    meaning: "The fleet was taken down before the command was done.",
    advice: "Start it again with `promfleet up`.",
    exit: exit.failed,
  },
  TENANT_BUSY: {
    meaning: "As many requests of the tenant are worked on as it may have, and as many wait as may.",
    advice: "Ask again in a moment; spec.gateway.tenants[].limits says how many may be worked on and wait.",
    exit: exit.failed,
    status: 429,
  },
  TENANT_LIMIT: {
    meaning: "A request is for more than the tenant may use. The message names the limit.",
    advice: "Ask for less: a shorter time range, a larger step, fewer series.",
    exit: exit.input,
    status: 422,
  },
  TLS_UNUSABLE: {
    meaning: "A certificate, a key or a CA of spec.gateway.tls cannot be used.",
    advice:
      "Name files in PEM: a certificate with its own key, unencrypted, and CA certificates; `openssl x509 -in FILE -text` shows one.",
    exit: exit.input,
  },
  TOPOLOGY_INVALID: {
    meaning: "A topology file is not as docs/reference/topology.md has it.",
    advice: "Correct the file; a gateway that runs keeps to the last one that was right.",
    exit: exit.input,
  },
  UNAUTHENTICATED: {
    meaning: "The gateway does not know who asks: credentials are missing or wrong.",
    advice: "Send the user and password, the token or the certificate of a declared tenant.",
    exit: exit.input,
    status: 401,
  },
  USAGE: {
    meaning: "The command line is wrong.",
    advice: "Run the command with --help for its arguments and examples.",
    exit: exit.usage,
  },
} as const satisfies Record<string, Entry>;

export type ErrorCode = keyof typeof catalogue;
