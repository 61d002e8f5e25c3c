ARG NODE_IMAGE=node:24-bookworm-slim
FROM ${NODE_IMAGE}
COPY support/fake-ollama /fake-ollama
COPY compose/ollama.mjs /
RUN ln -s /ollama.mjs /usr/local/bin/ollama && chmod +x /ollama.mjs
EXPOSE 11434
CMD ["ollama", "serve"]
