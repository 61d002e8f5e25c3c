import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FreePlace, toNextTurn, turnLimits, type Waiting } from "./to-next-turn.js";
import { TurnOrder } from "./turn-order.js";

const waiting = (prefix: string, tag: number, since = 0): Waiting => ({
  claim: { session: prefix, prefix, promptTokens: 10_000 },
  tag,
  since,
});
const place = (fields: Partial<FreePlace> = {}): FreePlace => ({
  prefix: "loaded",
  promptTokens: 10_000,
  freeSince: 0,
  isComingBack: false,
  favours: 0,
  ...fields,
});
const [loaded, other, third] = [waiting("loaded", 5), waiting("other", 1), waiting("third", 2)];

it("any number may wait", () => {
  const many = Array.from({ length: 200_000 }, (_, tag) => waiting("other", tag));
  expect(toNextTurn(many, place(), 0)).toMatchObject({ start: many[0] });
  expect(
    new TurnOrder().tag(
      "s",
      many.map(({ tag }) => tag),
    ),
  ).toBe(200_000);
});

describe("who is next", () => {
  it.each<[string, Waiting[], Partial<FreePlace>, number, unknown]>([
    ["nobody, where nobody waits", [], {}, 0, undefined],
    ["the smallest tag", [third, other], {}, 0, { start: other, isFavour: false }],
    [
      "of equal tags the one that came first",
      [other, waiting("x", 1)],
      {},
      0,
      { start: other, isFavour: false },
    ],
    ["the loaded prefix before it", [other, loaded], {}, 0, { start: loaded, isFavour: true }],
    [
      "no favour where it is its turn anyway",
      [waiting("loaded", 1), third],
      { favours: 4 },
      0,
      { isFavour: false },
    ],
    ["the other after four favours", [other, loaded], { favours: 4 }, 0, { start: other }],
    ["the other who has waited for 20 s", [other, loaded], {}, 20_000, { start: other }],
    ["nobody, in a lull", [other], { isComingBack: true }, 100, { holdUntil: 1500 }],
    ["the other after the lull", [other], { isComingBack: true }, 1500, { start: other }],
    ["the other where nobody comes back", [other], {}, 100, { start: other }],
    [
      "the other where little is lost",
      [other],
      { isComingBack: true, promptTokens: 1999 },
      100,
      { start: other },
    ],
    [
      "the other after four favours, in a lull too",
      [other],
      { isComingBack: true, favours: 4 },
      0,
      { start: other },
    ],
    [
      "nobody waits in a lull beyond his patience",
      [waiting("other", 1, -19_000)],
      { isComingBack: true },
      500,
      { holdUntil: 1000 },
    ],
  ])("%s", (_name, queue, fields, now, expected) => {
    const turn = toNextTurn(queue, place(fields), now);
    if (expected === undefined) expect(turn).toBeUndefined();
    else expect(turn).toMatchObject(expected as object);
  });
});

interface Request {
  session: string;
  prefix: string;
  /** Turns since the request before it came. */
  afterTurns: number;
  /** How long it runs. */
  ms: number;
  isComingBack: boolean;
}

/** Plays requests on one place. Tells for each how many others started while it waited, and how long. */
function simulate(requests: Request[], { isIdleAllowed = true } = {}) {
  const order = new TurnOrder();
  const queue: (Waiting & { index: number; startsBefore: number; ahead: Map<string, number> })[] = [];
  const outcome: { overtakers: number; ahead: Map<string, number>; own: number; heldMs: number }[] = [];
  const free = place({ prefix: undefined });
  let [now, starts, arrived, due] = [0, 0, 0, requests[0]?.afterTurns ?? 0];
  const arrive = () => {
    while (arrived < requests.length && due <= starts) {
      const { session, prefix } = requests[arrived]!;
      const own = queue.filter(({ claim }) => claim.session === session);
      const tag = order.tag(
        session,
        own.map((waiter) => waiter.tag),
      );
      const claim = { session, prefix, promptTokens: 10_000 };
      queue.push({ claim, tag, since: now, index: arrived, startsBefore: starts, ahead: new Map() });
      outcome[arrived] = { overtakers: 0, ahead: new Map(), own: own.length, heldMs: 0 };
      due += requests[++arrived]?.afterTurns ?? 0;
    }
  };
  for (let rounds = 0; outcome.length < requests.length || queue.length > 0; rounds++) {
    if (rounds > requests.length * 10) throw new Error("it does not come to its end");
    arrive();
    if (queue.length === 0) {
      if (!isIdleAllowed) throw new Error("idle");
      starts = due;
      continue;
    }
    const turn = toNextTurn(queue, free, now);
    if (!turn) throw new Error("somebody waits and nobody is next");
    if ("holdUntil" in turn) {
      for (const { index } of queue) outcome[index]!.heldMs += turn.holdUntil - now;
      expect(turn.holdUntil).toBeGreaterThan(now);
      now = turn.holdUntil;
      continue;
    }
    const { start, isFavour } = turn;
    queue.splice(queue.indexOf(start), 1);
    order.serve(start.claim.session, start.tag, !isFavour);
    for (const { index, claim } of queue) {
      const seen = outcome[index]!;
      if (claim.session === start.claim.session) continue;
      seen.overtakers++;
      seen.ahead.set(start.claim.session, (seen.ahead.get(start.claim.session) ?? 0) + 1);
    }
    const { ms, isComingBack } = requests[start.index]!;
    now += ms;
    starts++;
    Object.assign(free, {
      prefix: start.claim.prefix,
      freeSince: now,
      isComingBack,
      favours: isFavour ? free.favours + 1 : 0,
    });
  }
  return outcome;
}

const anyRequests = fc.array(
  fc
    .record({
      session: fc.constantFrom("a", "b", "c", "d"),
      agent: fc.constantFrom("", "1", "2"),
      afterTurns: fc.constantFrom(0, 0, 0, 1, 2),
      ms: fc.constantFrom(10, 500, 5000, 60_000),
      isComingBack: fc.boolean(),
    })
    .map(({ agent, ...request }) => ({ ...request, prefix: `${request.session}/${agent}` })),
  { minLength: 1, maxLength: 60 },
);

describe("nobody starves", () => {
  it("however the requests come: a request waits for a few turns of each other session and its own before it", () => {
    fc.assert(
      fc.property(anyRequests, (requests) => {
        const sessions = new Set(requests.map(({ session }) => session)).size;
        for (const { overtakers, own } of simulate(requests)) {
          // Its tag is ahead of the order by its own requests and the favours that it has had. Until the order
          // is there each other session has one turn a tag, and before each turn there may be four favours.
          const ahead = own + 2 + turnLimits.mostFavours;
          const inOrder = (sessions - 1) * ahead + own + 1;
          expect(overtakers).toBeLessThanOrEqual(inOrder * (1 + turnLimits.mostFavours));
        }
      }),
      { numRuns: 500 },
    );
  });

  it("of a session with very many requests and one with a few now and then, neither waits for ever", () => {
    const many = Array.from({ length: 50 }, () => ({ session: "many", afterTurns: 0 }));
    const few = Array.from({ length: 10 }, () => ({ session: "few", afterTurns: 3 }));
    const requests = [...many, ...few].map((request, index) => ({
      ...request,
      prefix: `${request.session} ${index}`,
      ms: 1000,
      isComingBack: false,
    }));
    const outcome = simulate(requests);
    for (const { overtakers } of outcome.slice(50)) expect(overtakers).toBeLessThanOrEqual(2);
    expect(Math.max(...outcome.slice(0, 50).map(({ overtakers }) => overtakers))).toBeLessThanOrEqual(10);
  });

  it("of new sessions that come all the time and an old one, neither waits for ever", () => {
    const requests = Array.from({ length: 60 }, (_, index) => ({
      session: index % 3 === 0 ? "old" : `new ${index}`,
      prefix: `${index}`,
      afterTurns: index < 6 ? 0 : 1,
      ms: 1000,
      isComingBack: false,
    }));
    for (const { overtakers } of simulate(requests)) expect(overtakers).toBeLessThanOrEqual(20);
  });

  it("small requests of a session beside its main turns: both go on", () => {
    const requests = Array.from({ length: 60 }, (_, index) => ({
      session: "s",
      prefix: index % 2 === 0 ? "main" : "title",
      afterTurns: index < 10 ? 0 : 1,
      ms: index % 2 === 0 ? 20_000 : 500,
      isComingBack: index % 2 === 0,
    }));
    simulate(requests);
  });

  it("is never held for longer than a lull a favour", () =>
    fc.assert(
      fc.property(anyRequests, (requests) => {
        for (const { heldMs, overtakers } of simulate(requests))
          expect(heldMs).toBeLessThanOrEqual((overtakers + 20) * turnLimits.lullMs);
      }),
    ));
});

describe("the fair order", () => {
  it("remembers only sessions that are ahead of the others", () => {
    const order = new TurnOrder();
    for (let index = 0; index < 1000; index++) order.serve(`s ${index}`, order.tag(`s ${index}`, []), true);
    for (let index = 0; index < 5; index++) order.serve("last", order.tag("last", []), true);
    expect(order.size).toBeLessThanOrEqual(1);
  });

  it("forgets what a session asked for and took back", () => {
    const order = new TurnOrder();
    expect(order.tag("a", [0, 1, 2])).toBe(3);
    expect(order.tag("a", [])).toBe(0);
  });
});
