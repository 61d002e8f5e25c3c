import { broken, ok, warning } from "./finding.mjs";

const timeoutMs = 10_000;
/** Certificates and signatures start to fail at some minutes; cache ages are wrong by as much. */
const mostSkewMs = 60_000;

/** A gateway at a URL, through a tunnel as a rule, and what Claude Code would find in its environment. */
export async function checkClient(url, env) {
  const base = url.replace(/\/+$/, "");
  const reached = await reach(base);
  if (reached.fault)
    return [
      broken(
        "tunnel",
        `${base} does not answer: ${reached.fault}`,
        "open it again: ssh -N -L 8001:localhost:8000 -p PORT root@HOST; docs/troubleshooting.md#tunnel",
      ),
    ];
  if (reached.refusal)
    return [
      broken(
        "tunnel",
        `${base} refuses: ${reached.refusal}`,
        "ask by address, or add the name to ALLOWED_HOSTS on the host",
      ),
    ];
  if (reached.service !== "gateway")
    return [
      broken(
        "tunnel",
        `${base} answers, but not as the gateway`,
        "the tunnel leads to another port: it must end at API_PORT (8000) of the host",
      ),
    ];
  return [
    ok("tunnel", `the gateway answers at ${base} in ${reached.latencyMs} ms`),
    describeClock(reached.skewMs),
    await checkReadiness(base),
    ...(await checkEnvironment(base, env)),
  ];
}

async function reach(base) {
  const startedAt = performance.now();
  try {
    const answer = await fetch(`${base}/`, {
      headers: { accept: "application/json" },
      signal: AbortSignal.timeout(timeoutMs),
    });
    const latencyMs = Math.round(performance.now() - startedAt);
    const skewMs = Math.abs(Date.now() - latencyMs / 2 - Date.parse(answer.headers.get("date") ?? ""));
    const { service, error } = await answer.json().catch(() => ({}));
    const refusal = error?.type === "permission_error" ? error.message : undefined;
    return { service, refusal, latencyMs, skewMs };
  } catch (error) {
    return { fault: error.cause?.code ?? error.cause?.message ?? error.message };
  }
}

/** Whether the gateway can answer, as it says itself. */
async function checkReadiness(base) {
  const answer = await fetch(`${base}/health/ready`, { signal: AbortSignal.timeout(timeoutMs) }).catch(
    () => undefined,
  );
  const { details } = (await answer?.json().catch(() => undefined)) ?? {};
  const { model, message, ...others } = details?.inference ?? {};
  const name = model?.name ?? "the model";
  if (answer?.status === 200) return ok("model", `${name} is ready`);
  const state = model?.state ?? "unknown";
  if (state === "loading" || state.startsWith("pulling"))
    return warning("model", `${name} is not ready yet: ${state}`, `wait; curl -s ${base}/health/ready`);
  const why = [state, model?.message, message, others.ollama?.message].filter(Boolean).join(", ");
  return broken("model", `${name} cannot answer: ${why}`, "npm run doctor, on the host");
}

/** The header counts whole seconds. */
function describeClock(skewMs) {
  if (!(skewMs > mostSkewMs)) return ok("clock", "the clocks of both ends agree");
  return warning(
    "clock",
    `the clocks of both ends differ by ${Math.round(skewMs / 1000)} s`,
    "timedatectl set-ntp true, on the one that is wrong",
  );
}

/** What `claude` would read, against what the gateway says it should. */
async function checkEnvironment(base, env) {
  if (!env.ANTHROPIC_BASE_URL)
    return [
      warning(
        "claude",
        "ANTHROPIC_BASE_URL is not set here: claude would talk to Anthropic",
        `eval "$(curl -sS ${base}/claude-code/env || echo false)"`,
      ),
    ];
  const wanted = await readExports(`${base}/claude-code/env`);
  const others = Object.entries(wanted).filter(
    ([name, value]) => name !== "ANTHROPIC_BASE_URL" && !isSecret(name) && env[name] !== value,
  );
  const findings = others.map(([name, value]) =>
    warning(
      "claude",
      `${name} is ${env[name] ?? "not set"}, the gateway says ${value}`,
      `eval "$(curl -sS ${base}/claude-code/env || echo false)"`,
    ),
  );
  if (!sameOrigin(env.ANTHROPIC_BASE_URL, base))
    findings.push(
      warning("claude", `ANTHROPIC_BASE_URL is ${env.ANTHROPIC_BASE_URL}, looked at was ${base}`),
    );
  return findings.length > 0 ? findings : [ok("claude", "its environment is what the gateway says")];
}

function sameOrigin(one, other) {
  const port = (url) => (URL.canParse(url) ? new URL(url).port : undefined);
  return port(one) === port(other);
}

const isSecret = (name) => /KEY|TOKEN/.test(name) && !/TOKENS/.test(name);

async function readExports(url) {
  const text = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) }).then(
    (answer) => (answer.ok ? answer.text() : ""),
    () => "",
  );
  const lines = [...text.matchAll(/^export ([A-Z0-9_]+)=(.*)$/gm)];
  return Object.fromEntries(
    lines.map(([, name, value]) => [name, value.replace(/^'(.*)'$|^"(.*)"$/, "$1$2")]),
  );
}
