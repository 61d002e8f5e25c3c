ARG NODE_IMAGE=node:24-bookworm-slim
FROM ${NODE_IMAGE}
COPY support/fake-ollama /tests/support/fake-ollama
COPY compose/ollama.mjs /tests/compose/
RUN ln -s /tests/compose/ollama.mjs /usr/local/bin/ollama && chmod +x /tests/compose/ollama.mjs
EXPOSE 11434
CMD ["ollama", "serve"]
