// What the product has to reach, each goal judged by figures of one run.

const limits = {
  p50OfBare: 2.5,
  perCoreOfBare: 0.35,
  overLitellm: { "1 KB": 15, "100 KB": 8 },
  firstEventOfPipe: 4,
  /** Less than this and a difference is noise. */
  measurableMs: 0.1,
  gluedBeyondPipe: 0.01,
  memoryMb: 450,
  startMs: 3000,
};

/** @returns rows of { goal, target, scenario, value, limit, isMet }; value and limit as texts */
export function judge({ results, starts }) {
  const of = (group) => results.filter((result) => result.group === group);
  return [
    ...of("hits").flatMap(judgeHit),
    ...of("misses").flatMap(judgeMiss),
    ...of("streams").flatMap(judgeStream),
    ...starts.map(judgeStart),
  ];
}

function judgeHit(result) {
  const { baseline, targets, connections } = result;
  const litellm = targets.find(({ name }) => name === "LiteLLM");
  return judgeOurs(result, (target, toRow) => {
    if (connections === 64)
      return [
        toRow(`requests for a second of CPU time, against ${baseline}`, target.perCoreRatio, {
          atLeast: limits.perCoreOfBare,
        }),
      ];
    if (connections !== 1) return [];
    return [
      toRow(`p50 of a hit against ${baseline}`, target.p50Ratio, { atMost: limits.p50OfBare }),
      ...(litellm
        ? [
            toRow("hits faster at p50 than LiteLLM's", litellm.p50Ms / target.p50Ms, {
              atLeast: limits.overLitellm[result.size],
            }),
          ]
        : []),
    ];
  });
}

function judgeMiss(result) {
  const { baseline, targets, connections, size } = result;
  const litellm = targets.find(({ name }) => name === "LiteLLM");
  const direct = targets.find(({ name }) => name === baseline);
  if (!litellm || connections !== 1) return [];
  return judgeOurs(result, (target, toRow) => [
    toRow(
      "a miss adds less at p50 than LiteLLM",
      (litellm.p50Ms - direct.p50Ms) / (target.p50Ms - direct.p50Ms),
      { atLeast: limits.overLitellm[size] },
    ),
  ]);
}

function judgeStream(result) {
  const { baseline, targets, pipe: pipeName } = result;
  const direct = targets.find(({ name }) => name === baseline);
  const pipe = targets.find(({ name }) => name === pipeName);
  return judgeOurs(result, (target, toRow) => [
    toRow(
      "added time to the first event at p99, against the bare pipe",
      (target.p99Ms - direct.p99Ms) / Math.max(pipe.p99Ms - direct.p99Ms, limits.measurableMs),
      { atMost: limits.firstEventOfPipe },
    ),
    toRow("streams without all their events", Object.keys(target.wrong).length, { atMost: 0, unit: "" }),
    toRow(
      "events glued to the one before, beyond the bare pipe's",
      100 * (target.gluedShare - pipe.gluedShare),
      {
        atMost: 100 * limits.gluedBeyondPipe,
        unit: "%",
      },
    ),
    ...(target.name === "three processes" && target.memory
      ? [
          toRow("memory, shared pages counted once", target.memory.togetherMb, {
            atMost: limits.memoryMb,
            unit: "MB",
          }),
          toRow("memory (RSS of each, summed)", target.memory.rssMb, { atMost: limits.memoryMb, unit: "MB" }),
        ]
      : []),
  ]);
}

function judgeStart({ name, startsMs }) {
  const middle = startsMs.toSorted((a, b) => a - b)[Math.floor(startsMs.length / 2)];
  return toGoal("first answer after the start", name, "", middle, { atMost: limits.startMs, unit: "ms" });
}

function judgeOurs(result, toRows) {
  return result.targets
    .filter(({ isOurs }) => isOurs)
    .flatMap((target) =>
      toRows(target, (goal, value, limit) => toGoal(goal, target.name, describe(result), value, limit)),
    );
}

function toGoal(goal, target, scenario, value, { atMost, atLeast, unit = "×" }) {
  const isMet = atMost === undefined ? value >= atLeast : value <= atMost;
  const toText = (number) =>
    `${number >= 100 ? Math.round(number) : Number(number.toFixed(2))} ${unit}`.trim();
  const limit = atMost === undefined ? `at least ${toText(atLeast)}` : `at most ${toText(atMost)}`;
  return { goal, target, scenario, value: toText(value), limit, isMet };
}

export function describe({ group, stream, size, spreadMs, connections }) {
  const how = spreadMs === undefined ? "" : spreadMs > 0 ? ", begun in turn" : ", begun at once";
  return `${group}, ${stream ? "stream" : "unary"}, ${size}${how}, ${connections}`;
}
