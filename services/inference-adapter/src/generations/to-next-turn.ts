/** Who asks for a place. */
export interface Claim {
  /** Whose turn it is: sessions take turns, whatever number of requests each of them has. */
  session: string;
  /** Equal for requests whose prompts begin alike, as the turns of one conversation do. */
  prefix: string;
  /** How long the prompt is: what it costs when its prefix is no longer loaded. */
  promptTokens: number;
}

export interface Waiting {
  claim: Claim;
  /** Its place in the fair order: the smallest is next. */
  tag: number;
  /** Milliseconds on the same clock as `now`. */
  since: number;
}

/** A free place, and what the last generation left in it. */
export interface FreePlace {
  prefix: string | undefined;
  promptTokens: number;
  freeSince: number;
  /** Its conversation goes on: the client runs a tool and will be back with the result. */
  isComingBack: boolean;
  /** How often in a row it has gone to its loaded prefix though another's turn had come. */
  favours: number;
}

export type NextTurn<W extends Waiting> = { start: W; isFavour: boolean } | { holdUntil: number } | undefined;

export interface TurnLimits {
  /** So many turns in a row the loaded prefix goes before one whose turn it is. */
  mostFavours: number;
  /** Nobody waits longer for the sake of a loaded prefix. */
  patienceMs: number;
  /** So long a place is held for a conversation that is coming back. */
  lullMs: number;
  /** Shorter prompts are not worth that. */
  leastTokensHeld: number;
}

export const turnLimits: TurnLimits = {
  mostFavours: 4,
  patienceMs: 20_000,
  lullMs: 1500,
  leastTokensHeld: 2000,
};

/**
 * Who gets a free place. On a server with one slot each change of conversation costs a whole prompt evaluation, so
 * the loaded one goes first for a while; then turns are taken. Between two turns in order there are at most
 * `mostFavours` others, and none for anybody who has waited for `patienceMs`.
 */
export function toNextTurn<W extends Waiting>(
  waiting: readonly W[],
  place: FreePlace,
  now: number,
  limits: TurnLimits = turnLimits,
): NextTurn<W> {
  const next = first(waiting);
  if (!next || next.claim.prefix === place.prefix) return next && { start: next, isFavour: false };
  const others = waiting.filter(({ claim }) => claim.prefix !== place.prefix);
  const longest = others.reduce((earliest, { since }) => Math.min(earliest, since), Infinity);
  const patientUntil = longest + limits.patienceMs;
  if (place.favours >= limits.mostFavours || now >= patientUntil) return { start: next, isFavour: false };
  const loaded = first(waiting.filter(({ claim }) => claim.prefix === place.prefix));
  if (loaded) return { start: loaded, isFavour: true };
  const holdUntil = Math.min(place.freeSince + limits.lullMs, patientUntil);
  const isHeld = place.isComingBack && place.promptTokens >= limits.leastTokensHeld && now < holdUntil;
  return isHeld ? { holdUntil } : { start: next, isFavour: false };
}

/** The smallest tag; of equal ones the one that came first. */
function first<W extends Waiting>(waiting: readonly W[]): W | undefined {
  let best: W | undefined;
  for (const one of waiting) if (!best || one.tag < best.tag) best = one;
  return best;
}
