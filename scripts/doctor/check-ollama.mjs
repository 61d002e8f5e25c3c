import { askJson } from "../host/ask.mjs";
import { findProgram } from "../host/find-program.mjs";
import { broken, ok, warning } from "./finding.mjs";

/**
 * Ollama itself: is it there, has it the model, with which window and where is it loaded.
 * `ofModel`: what was found of the model through the services, `ok`, `warning` while it is on its way, or `broken`.
 * @returns `{ findings, model }`, the model with `name`, `weightsBytes` and `info` of `/api/show` where it is known
 */
export async function checkOllama({ ollama: { url, isHere }, adapter }, ofModel) {
  if (adapter.INFERENCE_BACKEND !== "ollama")
    return { findings: [ok("ollama", `not asked: INFERENCE_BACKEND is ${adapter.INFERENCE_BACKEND}`)] };
  const version = await askJson(`${url}/api/version`);
  // In containers it is not to be seen from here.
  if (version !== undefined && typeof version.version !== "string")
    return {
      findings: [
        broken("ollama", `what answers at ${url} is no Ollama`, "OLLAMA_HOST in .env names another port"),
      ],
    };
  if (version === undefined && ofModel === "ok")
    return { findings: [ok("ollama", `is not at ${url}, but the adapter has one`)] };
  if (version === undefined)
    return { findings: [broken("ollama", `does not answer at ${url}`, toFix(isHere))] };
  const findings = [ok("ollama", `${version.version} answers at ${url}`)];
  const { models = [] } = (await askJson(`${url}/api/tags`)) ?? {};
  const model = findModel(models, adapter.MODEL_NAME);
  // That it is on its way is said already.
  if (!model && ofModel === "warning") return { findings };
  if (!model)
    return {
      findings: [
        ...findings,
        broken(
          "model",
          `${adapter.MODEL_NAME} is not installed`,
          `OLLAMA_HOST=${url} ollama pull ${adapter.MODEL_NAME}`,
        ),
      ],
    };
  const { models: loaded = [] } = (await askJson(`${url}/api/ps`)) ?? {};
  const show = await askJson(`${url}/api/show`, {
    method: "POST",
    body: JSON.stringify({ model: model.name }),
  });
  findings.push(
    ...describeLoaded(
      loaded.find(({ name }) => name === model.name),
      adapter,
    ),
  );
  return { findings, model: { name: model.name, weightsBytes: model.size, info: show?.model_info } };
}

function toFix(isHere) {
  if (!isHere)
    return "OLLAMA_HOST in .env names another machine: is it up, and does it listen on more than loopback?";
  return findProgram("ollama") ? "./start_llm_selfhost.sh" : "./install.sh installs it";
}

/** `:latest` is implied, and a name without a tag means the only one that is installed. */
function findModel(models, wanted) {
  const exact = models.find(({ name }) => name === wanted || name === `${wanted}:latest`);
  const tagged = models.filter(({ name }) => name.startsWith(`${wanted}:`));
  return exact ?? (tagged.length === 1 ? tagged[0] : undefined);
}

function describeLoaded(loaded, { CONTEXT_LENGTH }) {
  if (!loaded) return [ok("loaded", "the model is not loaded at the moment; the first question loads it")];
  const { size, size_vram: inVram, context_length: window } = loaded;
  const share = size > 0 ? Math.round((inVram / size) * 100) : 0;
  const where =
    share >= 100
      ? ok("gpu", "the whole model is on the GPU")
      : warning(
          "gpu",
          share === 0
            ? "the model runs on the CPU"
            : `only ${share} % of the model are on the GPU, which is slow`,
          share === 0
            ? "nvidia-smi must work where Ollama runs; run/ollama.log says which GPUs it has found"
            : "a smaller CONTEXT_LENGTH or OLLAMA_KV_CACHE_TYPE=q8_0; see the budget below",
        );
  if (window === undefined || window >= CONTEXT_LENGTH)
    return [ok("loaded", `with a window of ${window ?? "unknown"} tokens`), where];
  return [
    warning(
      "loaded",
      `with a window of ${window} tokens, CONTEXT_LENGTH is ${CONTEXT_LENGTH}`,
      "the model was trained for less, or something else has loaded it: ollama stop MODEL",
    ),
    where,
  ];
}
