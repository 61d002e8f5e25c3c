import { runService } from "#platform/bootstrap.js";
import { startGateway } from "./start-gateway.js";

await runService(startGateway);
