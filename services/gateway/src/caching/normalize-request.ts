import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import type { ContentBlock, TextBlock } from "#anthropic/messages.js";
import { maskedHome } from "./mask-home.js";

// Claude Code writes the day and the path of its memory folder into its own instructions, so the same
// question from another day or HOME has another key. Masking them is opt-in (CACHE_NORMALIZE): the answer
// of yesterday may say what day it is. Only these lines of the client are masked, each at the one place where
// it stands: a commit message or a file that says the same belongs to the question.

const normalizations = ["date", "home"] as const;
export type Normalization = (typeof normalizations)[number];

export interface NormalizedRequest {
  /** What the key is made of. */
  request: CanonicalRequest;
  /** The client's Claude Code folder, `<HOME>/.claude`, where it was masked. */
  home: string | undefined;
}

type Rewrite = (text: string) => string;

const memoryFolder = /`(\/[^`\n]*?\/\.claude)(\/projects\/[^`/\n]+\/memory\/?`)/;
/** 2.1.330: the last line of the system message, which the canonical form folds. */
const dateOfEnvironment =
  /^(<system-reminder>\n# Environment\n[^]*\nToday's date is )\d{4}-\d{2}-\d{2}(\.\n<\/system-reminder>\s*)$/;
/** 2.1.197: behind the files of the same reminder, so the last one is the client's. */
const dateOfContext = /^(<system-reminder>\n[^]*\n# currentDate\nToday's date is )\d{4}-\d{2}-\d{2}(?=\.\n)/;
/** Before the header over the first file of a reminder; the user's own CLAUDE.md comes first. */
const beforeFirstFile = /\n(?:Contents of |# gitStatus\n)/;

/** `CACHE_NORMALIZE`: a list of what is masked. @throws Error saying what it may be */
export function parseNormalizations(text: string): Normalization[] {
  const names = text.split(",").map((name) => name.trim());
  const known = names.filter((name): name is Normalization => normalizations.includes(name as Normalization));
  if (known.length !== names.filter((name) => name !== "").length)
    throw new Error(`must be a list of ${normalizations.join(" and ")}`);
  return known;
}

/** The request with what `CACHE_NORMALIZE` names masked. The model still sees the original. */
export function normalizeRequest(
  request: CanonicalRequest,
  enabled: readonly Normalization[],
): NormalizedRequest {
  const dated = enabled.includes("date") ? maskDate(request) : request;
  return enabled.includes("home") ? maskHomePaths(dated) : { request: dated, home: undefined };
}

function maskDate(request: CanonicalRequest): CanonicalRequest {
  const first = request.messages[0]?.content ?? [];
  const pattern = first.some((block) => isText(block) && dateOfEnvironment.test(block.text))
    ? dateOfEnvironment
    : dateOfContext;
  return rewriteFirstMessage(request, (text) =>
    text.replace(pattern, (_date, before: string, after: unknown) =>
      typeof after === "string" ? `${before}<date>${after}` : `${before}<date>`,
    ),
  );
}

/** The memory folder in the system prompt, and the header over the user's own CLAUDE.md. */
function maskHomePaths(request: CanonicalRequest): NormalizedRequest {
  const { system = [] } = request;
  const index = system.findIndex(({ text }) => memoryFolder.test(text));
  const home = memoryFolder.exec(system[index]?.text ?? "")?.[1];
  if (home === undefined) return { request, home };
  const maskFolder = (block: TextBlock): TextBlock => ({
    ...block,
    text: block.text.replace(memoryFolder, (_path, _home, rest: string) => `\`${maskedHome}${rest}`),
  });
  const ownFile = `${home}/CLAUDE.md (`;
  const maskHeader: Rewrite = (text) => {
    const found = beforeFirstFile.exec(text);
    const [header = ""] = found ?? [];
    const start = (found?.index ?? 0) + header.length;
    if (!header.endsWith(" ") || !text.startsWith(ownFile, start)) return text;
    return text.slice(0, start) + maskedHome + text.slice(start + home.length);
  };
  const masked = system.map((block, at) => (at === index ? maskFolder(block) : block));
  return { request: { ...rewriteFirstMessage(request, maskHeader), system: masked }, home };
}

/** Rewrites the client's reminders in the first message: later ones may quote files. */
function rewriteFirstMessage(request: CanonicalRequest, rewrite: Rewrite): CanonicalRequest {
  const [first, ...others] = request.messages;
  if (first?.role !== "user") return request;
  const content = first.content.map((block) =>
    isText(block) && block.text.startsWith("<system-reminder>\n")
      ? { ...block, text: rewrite(block.text) }
      : block,
  );
  return { ...request, messages: [{ ...first, content }, ...others] };
}

function isText(block: ContentBlock): block is TextBlock {
  return block.type === "text";
}
