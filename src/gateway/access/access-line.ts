import type { RequestRecord } from "./request-record.ts";

/** Characters of texts that clients choose, and names of a list. */
const most = { query: 2000, userAgent: 200, names: 64 };

/** A request as one line of JSON, without anything that is a secret: no headers but the user agent, no passwords in URLs. */
export function accessLine(record: RequestRecord): string {
  const { method, handler, status, ending, error, ways, bytes, queuedMs, client, id, text } = record;
  const fetchedBytes = [...record.fetched.values()].reduce((sum, some) => sum + some, 0);
  const line = {
    time: new Date(record.time).toISOString(),
    id,
    client,
    method: shortened(method, 20),
    handler,
    status,
    ending,
    error,
    ways: ways.length > 0 ? ways : undefined,
    shards: names(record.shards),
    replicas: names(record.replicas),
    bytes,
    fetchedBytes,
    seconds: seconds(record.tookMs),
    queueSeconds: seconds(queuedMs ?? 0),
    userAgent: shortened(record.userAgent, most.userAgent),
    query: text === undefined ? undefined : shortened(text, most.query),
  };
  return `${JSON.stringify(line)}\n`;
}

const seconds = (ms: number): number => Math.round(ms * 1000) / 1e6;

function names(all: ReadonlySet<string>): string[] | undefined {
  return all.size > 0 ? [...all].slice(0, most.names) : undefined;
}

/** Cut before anything else is done with it: it may be long. */
function shortened(text: string, length: number): string {
  const isCut = text.length > length;
  const cut = isCut ? text.slice(0, length - 1) : text;
  const shown = cut.toWellFormed().replaceAll(/(\/\/)[^/\s"'`@]*:[^/\s"'`]*(?=@)/g, "$1…");
  // it may have been cut in the middle of a password
  return isCut ? `${shown.replace(/(\/\/)[^/\s"'`@]*:[^/\s"'`]*$/, "$1")}…` : shown;
}
