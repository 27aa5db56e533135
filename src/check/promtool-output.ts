/** One thing that promtool has to say about a file. */
export interface Remark {
  /** As it was named on the command line. */
  file: string;
  message: string;
  /** From 1, in the file. */
  line: number | undefined;
  /** Of a rule: its group and its number there, from 1. */
  rule: { group: string; number: number } | undefined;
}

/** What `promtool check config` and `check rules` found wrong; warnings left out. */
export function promtoolRemarks(output: string): Remark[] {
  const remarks: Remark[] = [];
  let file = "";
  let failing = false;
  for (const line of output.split("\n")) {
    const checking = /^Checking (.*)$/.exec(line)?.[1];
    if (checking !== undefined) {
      file = checking;
      failing = false;
      continue;
    }
    const failed = /^\s*FAILED:(.*)$/.exec(line)?.[1];
    if (failed !== undefined) failing = true;
    const text = (failed ?? line).trim();
    if (!failing || text === "" || text.endsWith("yaml: unmarshal errors:")) continue;
    const remark = readRemark(file, text);
    if (
      !remarks.some(
        (other) => other.file === file && other.message === remark.message && other.line === remark.line,
      )
    )
      remarks.push(remark);
  }
  return remarks;
}

function readRemark(file: string, text: string): Remark {
  let message = text;
  for (const prefix of ["parsing YAML file ", ""])
    if (message.startsWith(`${prefix}${file}: `)) message = message.slice(prefix.length + file.length + 2);
  // "5:15: group …" (sometimes twice), or "line 5: field …"
  const [place = "", , first, second] = /^((\d+):\d+: (?:\d+:\d+: )?|line (\d+): )/.exec(message) ?? [];
  message = message.slice(place.length);
  const line = Number(first ?? second ?? 0);
  const [whole = "", group, number] =
    /^group "((?:[^"\\]|\\.)*)", rule (\d+), "(?:[^"\\]|\\.)*": /.exec(message) ?? [];
  return {
    file,
    message: message.slice(whole.length),
    line: line > 0 ? line : undefined,
    rule: group === undefined ? undefined : { group, number: Number(number) },
  };
}
