import { equal, match } from "node:assert/strict";
import { rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { installClient } from "../claude-code/install-client.mjs";
import { runLauncher } from "./run-launcher.mjs";

export const versions = ["2.1.330", "2.1.197"];

/** A laptop with the real client of this version. */
export function installOn(laptop, version) {
  const program = join(laptop.programs, "claude");
  rmSync(program);
  symlinkSync(installClient(version), program);
}

const refusal = {
  status: 403,
  body: { type: "error", error: { type: "permission_error", message: "seen" } },
};

/** What the real client does with what the launcher hands it. */
export const clientChecks = Object.fromEntries(
  versions.flatMap((version) => [
    [
      `${version}: --version, --help and an exit code of its own`,
      async ({ laptop, args, gateway }) => {
        installOn(laptop, version);
        const told = await runLauncher(laptop, [...args, "--", "--version"]);
        equal(told.stdout, `${version} (Claude Code)\n`);
        equal(told.code, 0);
        gateway.answers["/v1/messages?beta=true"] = refusal;
        equal((await runLauncher(laptop, [...args, "--", "-p", "hi"])).code, 1);
      },
    ],
    [
      `${version}: --fresh, beside the user's own headers`,
      async ({ laptop, args, gateway }) => {
        installOn(laptop, version);
        gateway.answers["/v1/messages?beta=true"] = refusal;
        const env = { ANTHROPIC_CUSTOM_HEADERS: "x-api-key: k3y" };
        const { stdout } = await runLauncher(laptop, [...args, "--fresh", "--", "-p"], {
          env,
          input: "hi\n",
        });
        match(stdout, /seen/);
        const { headers } = gateway.requests.find(({ url }) => url.startsWith("/v1/messages"));
        equal(headers["cache-control"], "no-cache");
        equal(headers["x-api-key"], "k3y");
        equal(headers.authorization, "Bearer local");
      },
    ],
    [
      `${version}: a proxy for the internet is not in the way`,
      async ({ laptop, args, gateway }) => {
        installOn(laptop, version);
        gateway.answers["/v1/messages?beta=true"] = refusal;
        const env = {
          HTTP_PROXY: "http://127.0.0.1:1",
          HTTPS_PROXY: "http://127.0.0.1:1",
          CLAUDE_CODE_MAX_RETRIES: "0",
        };
        match((await runLauncher(laptop, [...args, "--", "-p", "hi"], { env })).stdout, /seen/);
      },
    ],
  ]),
);
