import { describe, judge } from "./goals.mjs";

/** The whole report as text. `charts`: title and file name of each. */
export function toMarkdown(report, charts) {
  const { machine, results, starts } = report;
  return [
    `# Benchmark, ${machine.startedAt}`,
    "",
    ...describeMachine(machine),
    "",
    ...goalLines(judge(report)),
    ...charts.flatMap(({ title, file }) => ["", `![${title}](${file})`]),
    ...["hits", "misses", "streams", "real Ollama"].flatMap((group) => groupLines(group, results)),
    ...startLines(starts),
    ...wrongLines(results),
    "",
  ].join("\n");
}

function describeMachine({ revision, node, cpu, cpus, pinned, loadBefore, loadAfter, mode, leftOut }) {
  const place = pinned
    ? `load and upstream on CPU ${pinned.load}, services on CPU ${pinned.services}`
    : "not pinned";
  return [
    `Revision ${revision}, Node ${node}, ${cpu} × ${cpus}, ${place}, ${mode}.`,
    `Load average ${loadBefore.join(" ")} before, ${loadAfter.join(" ")} after.`,
    ...leftOut.map((what) => `Left out: ${what}.`),
    "These figures compare with nothing but each other.",
  ];
}

function goalLines(goals) {
  if (goals.length === 0) return [];
  const missed = goals.filter(({ isMet }) => !isMet).length;
  return [
    "## Goals",
    "",
    `${goals.length - missed} met, ${missed} missed.`,
    "",
    ...table(
      ["goal", "target", "scenario", "limit", "this run", ""],
      goals.map(({ goal, target, scenario, limit, value, isMet }) => [
        goal,
        target,
        scenario,
        limit,
        value,
        isMet ? "met" : "**missed**",
      ]),
    ),
  ];
}

const requestColumns = [
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
  "RSS MB",
];
const streamColumns = [
  "target",
  "first event p50 ms",
  "p99 ms",
  "added at p99 ms",
  "gap p50 ms",
  "gap p99 ms",
  "glued %",
  "events/s",
  "CPU µs an event",
  "RSS MB",
  "together MB",
];

function groupLines(group, results) {
  const ours = results.filter((result) => result.group === group);
  return ours.flatMap((result, index) => {
    const { stream, size, connections, targets } = result;
    const isFirst = connections === 1 || index === 0 || group === "streams";
    const [columns, toCells] =
      group === "streams" ? [streamColumns, streamCells] : [requestColumns, requestCells];
    const baseline = targets.find(({ name }) => name === result.baseline);
    const rows = targets.map((target) => toCells(result, target, baseline));
    const title =
      group === "streams" ? describe(result) : `${group}, ${stream ? "stream" : "unary"}, ${size}`;
    return isFirst ? ["", `## ${title}`, "", ...table(columns, rows)] : rows.map(toRow);
  });
}

function requestCells({ connections }, target, baseline) {
  const isBaseline = target === baseline;
  return [
    connections,
    target.name,
    toFixed(target.p50Ms, 2),
    toFixed(target.p99Ms, 2),
    isBaseline ? "" : toFixed(target.p50Ms - baseline.p50Ms, 2),
    toFixed(target.requestsPerSecond, 0),
    toFixed(target.cpuMsPerRequest, 2),
    toFixed(target.redisCpuMsPerRequest, 2),
    isBaseline ? "" : toFixed(target.p50Ratio, 2),
    isBaseline ? "" : toFixed(target.perCoreRatio, 2),
    toFixed(target.memory?.rssMb, 0),
  ];
}

function streamCells(_result, target, baseline) {
  return [
    target.name,
    toFixed(target.p50Ms, 2),
    toFixed(target.p99Ms, 2),
    target === baseline ? "" : toFixed(target.p99Ms - baseline.p99Ms, 2),
    toFixed(target.gapP50Ms, 2),
    toFixed(target.gapP99Ms, 2),
    toFixed(100 * target.gluedShare, 2),
    toFixed(target.eventsPerSecond, 0),
    toFixed(target.cpuMicrosecondsPerEvent, 0),
    toFixed(target.memory?.rssMb, 0),
    toFixed(target.memory?.togetherMb, 0),
  ];
}

function startLines(starts) {
  if (starts.length === 0) return [];
  const rows = starts.map(({ name, startsMs }) => [
    name,
    startsMs
      .toSorted((a, b) => a - b)
      .map((ms) => Math.round(ms))
      .join(", "),
  ]);
  return ["", "## Start to first answer", "", ...table(["target", "ms"], rows)];
}

function wrongLines(results) {
  const wrong = results.flatMap((result) =>
    result.targets
      .filter((target) => Object.keys(target.wrong).length > 0)
      .map(({ name, wrong: counts }) => `- ${describe(result)}, ${name}: ${JSON.stringify(counts)}`),
  );
  return wrong.length === 0 ? [] : ["", "## Answers that were not as expected", "", ...wrong];
}

/** Empty where it was not measured. */
function toFixed(number, digits) {
  return Number.isFinite(number) ? number.toFixed(digits) : "";
}

const toRow = (cells) => `| ${cells.join(" | ")} |`;

function table(columns, rows) {
  return [toRow(columns), toRow(columns.map(() => "---")), ...rows.map(toRow)];
}
