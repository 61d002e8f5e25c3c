# Everything in one container, for hosts that start a single image and have no Docker inside, such as RunPod:
#   docker build -f docker/all-in-one.Dockerfile -t llm-selfhost-all-in-one .
# Ollama's image with Node, Redis, sshd and the project; docs/runpod-deployment.md says how to use it.
ARG NODE_IMAGE=node:24-bookworm-slim
ARG OLLAMA_IMAGE=ollama/ollama:0.17.4

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY libs libs
COPY services services
COPY embedded embedded
COPY scripts/bundle.mjs scripts/root.mjs scripts/
RUN node node_modules/@nestjs/cli/bin/nest.js build && node scripts/bundle.mjs

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE} AS node

FROM ${OLLAMA_IMAGE}
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends openssh-server redis-server tini \
 && rm -rf /var/lib/apt/lists/* /etc/ssh/ssh_host_* \
 && mkdir -p /run/sshd
COPY --from=node /usr/local/bin/node /usr/local/bin/node
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json ./
COPY scripts scripts
COPY docker/health-check.mjs docker/all-in-one.sh docker/
# Log, state and what Redis keeps lie on the volume, as the models do.
RUN ln -s /workspace/llm-selfhost/run run
ENV NODE_ENV=production \
    OLLAMA_HOST=127.0.0.1:11434 \
    OLLAMA_MODELS=/workspace/ollama/models \
    MODEL_NAME=qwen3-coder \
    REDIS_HOST=127.0.0.1
VOLUME /workspace
EXPOSE 22
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["node", "docker/health-check.mjs", "API_PORT", "8000"]
ENTRYPOINT ["tini", "--", "docker/all-in-one.sh"]
CMD []
