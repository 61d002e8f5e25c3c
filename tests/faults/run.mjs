// `npm run test:faults`: the built services as processes, with a real Redis and an Ollama that repeats what it was
// asked; parts are killed, stopped, cut off and lied to while clients ask. See docs/reliability.md.
// --seed N repeats the plan of a run; --minutes N takes longer than the usual ones; --one-process runs the services
// as npm start does; --backend openai-compatible has them before a server of OpenAI's API.
import { mkdtempSync, rmSync } from "node:fs";
import { Agent } from "node:http";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { prepare } from "../../scripts/prepare.mjs";
import { readOptions } from "../../scripts/read-options.mjs";
import { goodPlans, plans, repeatTool, toPrompt } from "./answers.mjs";
import { ask } from "./ask.mjs";
import { listFaults } from "./faults.mjs";
import { judge } from "./judge.mjs";
import { findIllness, measure } from "./measure.mjs";
import { seeded } from "./random.mjs";
import { System } from "./system.mjs";

const usage = `npm run test:faults -- [options]

  --seed N            the plan of an earlier run
  --minutes N         how long things are broken (2.3)
  --one-process       the services as npm start runs them
  --backend NAME      ollama (the default) or openai-compatible
`;
const { values } = readOptions(
  {
    options: {
      seed: { type: "string" },
      minutes: { type: "string" },
      "one-process": { type: "boolean", default: false },
      backend: { type: "string", default: "ollama" },
    },
  },
  usage,
);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const minutes = Number(values.minutes ?? 2.3);
const clientCount = 12;
const recoveryLimitMs = 5000;
/** Clients ask for so long before the first fault. */
const warmUpMs = 6000;
/** Idle sockets between the services close by themselves after 30 s. */
const settleLimitMs = 50_000;
const growth = { files: 12, heapMb: 16 };

const tally = { passed: 0, failed: 0 };
const outcomes = {};
const wrongs = [];
const recoveries = [];
let faulted = 0;
/** Requests that no fault may have failed. */
let unharmed = 0;
/** The faults under way, and until when a client's connection may have been broken by one. */
const current = new Set();
let breaksUntil = -Infinity;
let nonceCount = 0;
const asking = new AbortController();

say(`seed ${seed}: ${minutes} minutes, ${clientCount} clients`);
const node = prepare();
const folder = mkdtempSync(join(tmpdir(), "llm-selfhost-faults-"));
const system = new System({
  node,
  folder,
  isOneProcess: values["one-process"],
  backend: values.backend,
  onCrash: (what) => wrongs.push(what),
});
const { services } = system;
const random = seeded(seed);
try {
  await system.start();
  const clients = Array.from({ length: clientCount }, (_, index) => runClient(seeded(seed + 1 + index)));
  const faults = listFaults(system);
  // Of services that have just started every answer takes longer than the clock for a recovery allows.
  await sleep(warmUpMs);
  const startedAt = performance.now();
  const lastsMs = minutes * 60_000;
  await breakThings(
    faults.filter(({ isDeadly }) => isDeadly),
    0.3 * lastsMs,
  );
  const before = await measureAll();
  await breakThings(
    faults.filter(({ isDeadly }) => !isDeadly),
    lastsMs - (performance.now() - startedAt),
  );
  asking.abort();
  await Promise.all(clients);
  check(
    "every answer is whole, refused or ended in the right shape",
    wrongs.length === 0,
    `${wrongs.length} were not`,
  );
  check("at least 1,000 requests met a fault", faulted >= 1000, `${faulted}`);
  await checkLeaks(before);
} catch (error) {
  check("the bench comes to its end", false, error.stack);
}
await system.close();
report();

/** Every fault once in a random order, then again as long as there is time; sometimes two at a time. */
async function breakThings(faults, forMs) {
  const endsAt = performance.now() + forMs;
  const waiting = random.shuffle(faults);
  const rounds = { first: true };
  while (waiting.length > 0 || performance.now() < endsAt) {
    if (waiting.length === 0) {
      waiting.push(...random.shuffle(faults));
      rounds.first = false;
    }
    const chosen = [waiting.shift()];
    const other = waiting.findIndex(({ target }) => target !== chosen[0].target);
    if ((chosen[0].isNeverAlone || random.next() < 0.25) && other >= 0)
      chosen.push(...waiting.splice(other, 1));
    const lastsMs = random.between(200, 1800);
    if (!rounds.first && performance.now() > endsAt) break;
    await breakAndCheck(chosen, lastsMs);
    await sleep(random.between(50, 300));
  }
}

/** What took too long is done once more: a machine's other work may have been the reason. */
async function breakAndCheck(chosen, lastsMs) {
  const name = chosen.map((fault) => fault.name).join(" and ");
  const isSoon = (recoveredMs) => recoveredMs <= recoveryLimitMs * busyness();
  let recoveredMs = await breakOnce(name, chosen, lastsMs);
  if (!isSoon(recoveredMs)) {
    say(`        ${name}: ${Math.round(recoveredMs)} ms, once more`);
    recoveredMs = await breakOnce(name, chosen, lastsMs);
  }
  check(`well again after ${name}`, isSoon(recoveredMs), `${Math.round(recoveredMs)} ms`);
}

/** @returns how long it took to recover, in milliseconds */
async function breakOnce(name, chosen, lastsMs) {
  const breaksClients = chosen.some((fault) => fault.breaksClients);
  if (breaksClients) breaksUntil = Infinity;
  for (const fault of chosen) {
    current.add(fault);
    await fault.begin();
  }
  await sleep(lastsMs);
  const endedAt = performance.now();
  for (const fault of chosen) await fault.end();
  const recoveredMs = await untilWell(endedAt);
  for (const fault of chosen) current.delete(fault);
  if (breaksClients) breaksUntil = performance.now();
  recoveries.push({ name, recoveredMs });
  return recoveredMs;
}

/** 1, or more where twice as many programs wait for a core as there are cores: a start takes longer there. */
function busyness() {
  return Math.max(1, loadavg()[0] / (2 * availableParallelism()));
}

/** Health says so, a new question is answered, and the same again is a hit or joins it. */
async function untilWell(since) {
  for (;;) {
    const tookMs = performance.now() - since;
    const illness = await findIllness(system).catch((error) => `a health check: ${error.message}`);
    if (!illness && (await answersAnew().catch(() => false))) return performance.now() - since;
    if (tookMs > 6 * recoveryLimitMs) {
      say(`        ${illness ?? "a new question is not answered"}`);
      return tookMs;
    }
    await sleep(50);
  }
}

async function answersAnew() {
  const question = { nonce: newNonce(), plan: "whole" };
  const outcome = await Promise.race([
    ask(system.url, toBody(question), { stream: false, manner: "well", random, agent: false }),
    sleep(2000, { hung: true }),
  ]);
  return judge(outcome, question, { stream: false, mayBreak: true }) === "whole";
}

async function runClient(own) {
  const agent = new Agent({ keepAlive: true });
  const asked = [];
  while (!asking.signal.aborted) {
    const isRepeat = asked.length > 0 && own.next() < 0.3;
    const question = isRepeat
      ? own.pick(asked.slice(-20))
      : {
          nonce: newNonce(),
          plan: own.next() < 0.7 ? own.pick(goodPlans) : own.pick(plans),
          hasTools: own.next() < 0.5,
        };
    asked.push(question);
    const manners = ["vanish", "slow-reader", "half-body"];
    const manner = own.next() < 0.1 ? own.pick(manners) : "well";
    const verdict = await askAndJudge(question, isRepeat, {
      stream: own.next() < 0.5,
      manner,
      random: own,
      agent,
    });
    await sleep(verdict === "broken" ? own.between(300, 800) : own.between(0, 200));
  }
  agent.destroy();
}

async function askAndJudge(question, isRepeat, manner) {
  const startedAt = performance.now();
  const isGood = goodPlans.includes(question.plan) && manner.manner === "well";
  const met = new Set(current);
  const watch = setInterval(() => current.forEach((fault) => met.add(fault)), 10);
  const outcome = await ask(system.url, toBody(question), manner);
  clearInterval(watch);
  // A cut is felt before the next look.
  current.forEach((fault) => met.add(fault));
  const mayBreak = breaksUntil > startedAt;
  const judged = judge(outcome, question, { stream: manner.stream, mayBreak });
  // A repeated question may join an older answer that a fault has met.
  const mustSucceed = isGood && !isRepeat && [...met].every((fault) => fault.sparesAnswers);
  const isSpoilt = mustSucceed && (judged === "refused" || judged === "ended");
  const verdict = isSpoilt
    ? { wrong: `${judged}, though nothing in its way was broken: ${tellEnd(outcome)}` }
    : judged;
  if (met.size > 0 || !isGood) faulted += 1;
  if (mustSucceed) unharmed += 1;
  const word = typeof verdict === "string" ? verdict : "wrong";
  outcomes[word] = (outcomes[word] ?? 0) + 1;
  if (word !== "wrong") return word;
  const during = [...met].map(({ name }) => name).join(", ");
  wrongs.push(
    `${verdict.wrong} (${question.plan}, ${JSON.stringify({ tools: question.hasTools, stream: manner.stream, manner: manner.manner })}; ${during})`,
  );
}

function tellEnd({ status, text = "" }) {
  return `${status} ${text.slice(-200)}`;
}

function toBody({ nonce, plan, hasTools }) {
  const messages = [{ role: "user", content: toPrompt(nonce, plan) }];
  return { model: "tiny", max_tokens: 16_000, messages, ...(hasTools ? { tools: [repeatTool] } : {}) };
}

/** Letters only: the fake Ollama makes tokens of it. */
function newNonce() {
  nonceCount += 1;
  return `n${Array.from(String(nonceCount), (digit) => "abcdefghij"[digit]).join("")}x`;
}

async function measureAll() {
  return Object.fromEntries(
    await Promise.all(services.map(async (name) => [name, await measure(system, name)])),
  );
}

async function checkLeaks(before) {
  const endsAt = performance.now() + settleLimitMs;
  const isSettled = (name, now) =>
    now.files <= before[name].files + growth.files &&
    now.generations === 0 &&
    now.heapMb <= before[name].heapMb + growth.heapMb;
  let after = await measureAll();
  while (performance.now() < endsAt && !services.every((name) => isSettled(name, after[name]))) {
    await sleep(1000);
    after = await measureAll();
  }
  for (const name of services) {
    const says = `before ${JSON.stringify(rounded(before[name]))}, after ${JSON.stringify(rounded(after[name]))}`;
    check(`${name} has kept no sockets, memory or generations`, isSettled(name, after[name]), says);
    say(`        ${says}`);
  }
}

function rounded(measured) {
  return Object.fromEntries(Object.entries(measured).map(([name, value]) => [name, Math.round(value)]));
}

function check(name, isRight, says) {
  tally[isRight ? "passed" : "failed"] += 1;
  say(`${isRight ? "ok      " : "FAILED  "}${name}: ${says}`);
}

function say(text) {
  process.stdout.write(`${text}\n`);
}

function report() {
  const times = recoveries.map(({ recoveredMs }) => recoveredMs).sort((a, b) => a - b);
  const at = (share) => Math.round(times[Math.floor(share * (times.length - 1))] ?? 0);
  say(
    `${recoveries.length} faults, ${faulted} of ${Object.values(outcomes).reduce((sum, count) => sum + count, 0)} requests met one`,
  );
  for (const wrong of wrongs) say(`wrong: ${wrong}`);
  say(
    `${unharmed} requests met nothing that may fail an answer, and were answered whole or are listed as wrong`,
  );
  say(`outcomes: ${JSON.stringify(outcomes)}`);
  say(`recovery in ms: median ${at(0.5)}, p90 ${at(0.9)}, slowest ${at(1)}`);
  if (tally.failed === 0) rmSync(folder, { recursive: true });
  else
    say(
      `The logs are in ${folder}; the same plan again: npm run test:faults -- --seed ${seed} --backend ${system.backend}${system.isOneProcess ? " --one-process" : ""}`,
    );
  say(`${tally.passed} passed, ${tally.failed} failed`);
  process.exit(tally.failed > 0 ? 1 : 0);
}
