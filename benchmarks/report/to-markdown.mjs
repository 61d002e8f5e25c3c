import { goals, judge } from "./goals.mjs";

/** The whole report as text. */
export function toMarkdown({ machine, results }) {
  return [
    `# Benchmark, ${machine.startedAt}`,
    "",
    ...describeMachine(machine),
    "",
    ...goalLines(results),
    ...["hits", "misses"].flatMap((group) => groupLines(group, results)),
    ...wrongLines(results),
    "",
  ].join("\n");
}

function describeMachine({ revision, node, cpu, cpus, pinned, loadBefore, loadAfter, mode }) {
  const place = pinned ? `load on CPU ${pinned.load}, services on CPU ${pinned.services}` : "not pinned";
  return [
    `Revision ${revision}, Node ${node}, ${cpu} × ${cpus}, ${place}, ${mode}.`,
    `Load average ${loadBefore.join(" ")} before, ${loadAfter.join(" ")} after.`,
  ];
}

function goalLines(results) {
  const judged = judge(results);
  if (judged.length === 0) return [];
  return [
    `Hits against the bare handler: p50 at 1 connection at most ${goals.p50Ratio} ×, requests a second a core at 64 at least ${goals.perCoreRatio} ×.`,
    "",
    ...table(
      ["target", "answer", "request", "p50 at 1", "per core at 64"],
      judged.map(({ target, shape, size, p50Ratio, perCoreRatio }) => [
        target,
        shape,
        size,
        verdict(p50Ratio, p50Ratio <= goals.p50Ratio),
        verdict(perCoreRatio, perCoreRatio >= goals.perCoreRatio),
      ]),
    ),
  ];
}

const verdict = (ratio, isMet) => `${ratio.toFixed(2)} × ${isMet ? "met" : "**missed**"}`;

function groupLines(group, results) {
  const ours = results.filter((result) => result.group === group);
  if (ours.length === 0) return [];
  const columns = [
    "connections",
    "target",
    "p50 ms",
    "p99 ms",
    "added ms",
    "requests/s",
    "CPU ms",
    "Redis CPU ms",
    "p50 ×",
    "per core ×",
  ];
  return ours.flatMap(({ stream, size, connections, targets, baseline }, index) => {
    const isFirst = connections === 1 || index === 0;
    const title = ["", `## ${group}, ${stream ? "stream" : "unary"}, ${size}`, ""];
    const rows = targets.map((target) =>
      row(
        connections,
        target,
        targets.find(({ name }) => name === baseline),
      ),
    );
    return isFirst ? [...title, ...table(columns, rows)] : rows.map(toRow);
  });
}

function row(connections, target, baseline) {
  return [
    connections,
    target.name,
    target.p50Ms.toFixed(2),
    target.p99Ms.toFixed(2),
    target === baseline ? "" : (target.p50Ms - baseline.p50Ms).toFixed(2),
    Math.round(target.requestsPerSecond),
    target.cpuMsPerRequest.toFixed(2),
    target.redisCpuMsPerRequest.toFixed(2),
    target === baseline ? "" : target.p50Ratio.toFixed(2),
    target === baseline ? "" : target.perCoreRatio.toFixed(2),
  ];
}

function wrongLines(results) {
  const wrong = results.flatMap(({ group, size, stream, connections, targets }) =>
    targets
      .filter((target) => Object.keys(target.wrong).length > 0)
      .map(
        ({ name, wrong: counts }) =>
          `- ${group}, ${stream ? "stream" : "unary"}, ${size}, ${connections}, ${name}: ${JSON.stringify(counts)}`,
      ),
  );
  return wrong.length === 0 ? [] : ["", "## Answers that were not as expected", "", ...wrong];
}

const toRow = (cells) => `| ${cells.join(" | ")} |`;

function table(columns, rows) {
  return [toRow(columns), toRow(columns.map(() => "---")), ...rows.map(toRow)];
}
