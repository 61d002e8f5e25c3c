import { askJson, isAnswering } from "./ask.mjs";
import { logPath } from "./paths.mjs";

/** One line for each program, and one for the model. */
export async function toStatusLines({ programs, gatewayUrl }) {
  const names = Math.max(...programs.map(({ name }) => name.length));
  const lines = programs.map((program) => `  ${program.name.padEnd(names)}  ${describe(program)}`);
  return [...lines, `  ${"model".padEnd(names)}  ${await describeModel(gatewayUrl)}`];
}

function describe({ state, port, pid, starts, since }) {
  const again = starts > 1 ? `, started ${starts} times` : "";
  switch (state) {
    case "running":
      return `port ${port}, pid ${pid}, for ${toDuration(Date.now() - since)}${again}`;
    case "elsewhere":
      return `port ${port}, was running already and is used`;
    default:
      return `port ${port}, DOWN, to be started again${again}: see ${logPath}`;
  }
}

/** What `/health/ready` says of the default model. */
export async function describeModel(url) {
  if (!(await isAnswering(`${url}/health/live`))) return "unknown: the gateway does not answer";
  const health = await askJson(`${url}/health/ready`);
  const { message, model } = health?.details?.inference ?? {};
  const { name = "", state = message ?? "unknown", message: reason } = model ?? {};
  return `${name} ${state}${reason ? `: ${reason}` : ""}`.trim();
}

function toDuration(milliseconds) {
  const minutes = Math.floor(milliseconds / 60_000);
  if (minutes < 1) return `${Math.floor(milliseconds / 1000)} s`;
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`;
}
