import { runService } from "#platform/bootstrap.js";
import { startInferenceAdapter } from "./start-inference-adapter.js";

await runService(startInferenceAdapter);
