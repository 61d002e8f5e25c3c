#!/usr/bin/env bash
# Starts Ollama and the three services and keeps them running: ./start_llm_selfhost.sh --help
# What is installed by ./install.sh is found without it.
set -euo pipefail
CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")"
export PATH="$PWD/.local/node/bin:$PATH"
if ! command -v node >/dev/null; then
  echo "There is no Node yet: run ./install.sh first." >&2
  exit 1
fi
exec node scripts/host.mjs "$@"
