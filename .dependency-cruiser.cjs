// The boundaries of the house (docs/architecture.md). `npm run boundaries` checks them.
const pureFiles = "/(to|map|parse|is|fold)-[^/]+\\.ts$";

module.exports = {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "a-service-never-imports-another",
      severity: "error",
      from: { path: "^services/([^/]+)/" },
      to: { path: "^services/", pathNot: "^services/$1/" },
    },
    {
      name: "libs-never-import-services",
      severity: "error",
      from: { path: "^libs/" },
      to: { path: "^(services|embedded)/" },
    },
    {
      name: "anthropic-imports-nothing-of-ours",
      severity: "error",
      from: { path: "^libs/anthropic/", pathNot: "\\.spec\\.ts$" },
      to: { path: "^(services|embedded|libs/(platform|service-contracts))/|@nestjs" },
    },
    {
      name: "pure-files-stay-pure",
      severity: "error",
      from: { path: pureFiles },
      to: { path: "@nestjs|node_modules/axios/|^(node:)?https?$|^(axios|fastify)$" },
    },
    {
      name: "a-backend-never-imports-another",
      severity: "error",
      from: { path: "^services/inference-adapter/src/backends/([^/]+)/" },
      to: {
        path: "^services/inference-adapter/src/backends/[^/]+/",
        pathNot: "^services/inference-adapter/src/backends/$1/",
      },
    },
    {
      name: "no-dev-dependency-in-the-product",
      severity: "error",
      from: { path: "^(services|libs|embedded)/", pathNot: "\\.(spec|contract)\\.ts$" },
      to: { dependencyTypes: ["npm-dev"] },
    },
    { name: "everything-resolves", severity: "error", from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: "node_modules|^dist|^tests" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      conditionNames: ["llm-selfhost-source", "import", "node", "default"],
      exportsFields: ["exports"],
      extensions: [".ts", ".js", ".mjs"],
    },
  },
};
