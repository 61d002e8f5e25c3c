import { HealthIndicatorService } from "@nestjs/terminus";
import { expect, it, onTestFinished } from "vitest";
import { startServer } from "../__fixtures__/start-server.js";
import { GatewayConfig } from "../gateway.config.js";
import { InProcess } from "../in-process.js";
import { InferenceClient } from "../inference/inference.client.js";
import { InferenceHealth } from "./inference.health.js";

const list = JSON.stringify({ data: [] });

it.each<[string, [number, string], [number, string], Record<string, unknown>]>([
  [
    "our adapter",
    [200, '{"details":{"model":{"state":"ready"}}}'],
    [200, list],
    { status: "up", model: { state: "ready" } },
  ],
  [
    "our adapter without a model",
    [503, '{"details":{"model":{"state":"missing"}}}'],
    [200, list],
    { status: "down" },
  ],
  ["a server without a health page", [404, ""], [200, list], { status: "up" }],
  ["a server with one that says nothing", [200, ""], [200, list], { status: "up" }],
  [
    "a web server that answers everything",
    [200, "<html>"],
    [200, "<html>"],
    { status: "down", message: "The inference service lists no models" },
  ],
  [
    "a proxy without a server behind it",
    [502, "<html>"],
    [502, "<html>"],
    { status: "down", message: "the inference service answered with status 502" },
  ],
])("%s", async (_name, health, models, expected) => {
  const server = await startServer((request, response) => {
    const [status, body] = request.url?.startsWith("/health") ? health : models;
    response.writeHead(status).end(body);
  }, onTestFinished);
  const config = Object.assign(new GatewayConfig(), { INFERENCE_URL: server.url });
  const client = new InferenceClient(config, new InProcess());
  const { inference } = await new InferenceHealth(new HealthIndicatorService(), client).check("/health");
  expect(inference).toMatchObject(expected);
});
