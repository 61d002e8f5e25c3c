import { runService } from "#platform/bootstrap.js";
import { startCache } from "./start-cache.js";

await runService(startCache);
