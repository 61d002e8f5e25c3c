#!/usr/bin/env bash
# Installs llama.cpp's server for the tests, once, from the Python package xllamacpp (a wheel of 34 MB with the
# server built in). Prints the Python that can run serve.py.
set -euo pipefail
version=2026.10.11549
folder=${XDG_CACHE_HOME:-$HOME/.cache}/llm-selfhost/llama-server/$version
if [ ! -e "$folder/installed" ]; then
  python3 -m venv "$folder"
  "$folder/bin/pip" install --quiet --no-deps --only-binary :all: "xllamacpp==$version" >&2
  touch "$folder/installed"
fi
echo "$folder/bin/python"
