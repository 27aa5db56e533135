// asker.js URL QUERIES_A_SECOND: asks a gateway for as long as it lives; each failure, and once a second a summary, is a line of JSON.
import http from "node:http";

const [, , url, rate] = process.argv;
const queries = [
  "count(up)",
  "sum(up)",
  "sum by (job) (up)",
  "up",
  'count(count_over_time(up{job="demo"}[6s]))',
];
const counts = { asked: 0, failed: 0, slowest: 0, expected: {} };
let second = { asked: 0, failed: 0, slowest: 0 };
const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
let next = 0;

function ask() {
  const query = queries[next++ % queries.length];
  const began = performance.now();
  const at = new Date().toISOString();
  let over = false;
  const end = (problem) => {
    if (over) return;
    over = true;
    const took = performance.now() - began;
    for (const each of [counts, second]) {
      each.asked++;
      if (problem) each.failed++;
      each.slowest = Math.max(each.slowest, took);
    }
    if (problem)
      console.log(
        JSON.stringify({ at, query, took: Math.round(took), problem: String(problem).slice(0, 300) }),
      );
  };
  const request = http.get(
    `${url}/api/v1/query?query=${encodeURIComponent(query)}`,
    { agent, timeout: 10_000 },
    (response) => {
      let said = "";
      response.setEncoding("utf8");
      response.on("data", (text) => (said += text));
      response.on("end", () => {
        if (response.statusCode !== 200) return end(`${response.statusCode} ${said}`);
        if (!response.complete) return end("broken off");
        if (query.startsWith("count(count_over")) {
          const value = JSON.parse(said).data.result[0]?.value[1] ?? "0";
          counts.expected[value] = (counts.expected[value] ?? 0) + 1;
        }
        return end();
      });
      response.on("error", end);
    },
  );
  request.on("error", end);
  request.on("timeout", () => request.destroy(new Error("no answer for 10 s")));
}

setInterval(ask, 1000 / Number(rate));
setInterval(() => {
  console.log(JSON.stringify({ total: counts, second }));
  second = { asked: 0, failed: 0, slowest: 0 };
}, 1000);
process.on("SIGTERM", () => process.exit(0));
