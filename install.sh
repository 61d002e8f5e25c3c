#!/usr/bin/env bash
# Installs everything on a Debian or Ubuntu host without Docker, such as a RunPod pod or a vast.ai instance:
# ./install.sh --help. May be run again at any time: it does what is missing and changes nothing else.
set -euo pipefail
root=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$root"
local_folder=$root/.local
PATH=$local_folder/bin:$local_folder/node/bin:$PATH

# shellcheck source=scripts/install/say.sh
. scripts/install/say.sh
# shellcheck source=scripts/install/options.sh
. scripts/install/options.sh
# shellcheck source=scripts/install/env-file.sh
. scripts/install/env-file.sh
# shellcheck source=scripts/install/packages.sh
. scripts/install/packages.sh
# shellcheck source=scripts/install/download.sh
. scripts/install/download.sh
# shellcheck source=scripts/install/node.sh
. scripts/install/node.sh
# shellcheck source=scripts/install/ollama.sh
. scripts/install/ollama.sh
# shellcheck source=scripts/install/redis.sh
. scripts/install/redis.sh
# shellcheck source=scripts/install/model.sh
. scripts/install/model.sh
# shellcheck source=scripts/install/storage.sh
. scripts/install/storage.sh
# shellcheck source=scripts/install/resources.sh
. scripts/install/resources.sh
# shellcheck source=scripts/install/try-out.sh
. scripts/install/try-out.sh

read_options "$@"
[ "$(uname -s)" = Linux ] || die "This installs on Linux. On other machines: npm start, see README.md"

# One at a time: two would write the same files. What it leaves running must not hold the lock, hence --close.
if [ "$dry_run" = no ] && [ -z "${LLM_SELFHOST_INSTALLS:-}" ] && command -v flock >/dev/null; then
  mkdir -p "$local_folder"
  code=0
  LLM_SELFHOST_INSTALLS=yes flock --nonblock --close --conflict-exit-code 75 "$local_folder/install.lock" "$BASH" "$root/install.sh" "$@" || code=$?
  [ "$code" != 75 ] || die "Another install.sh is at work here"
  exit "$code"
fi

step "Model and machine"
choose_model
choose_storage
check_resources
choose_redis

step "Packages"
install_basics
install_node
install_ollama
install_redis

step "Models folder"
move_models

step "Settings in .env"
write_settings

step "The project"
build_project

step "Trying it out"
try_out

say ""
if [ "$dry_run" = yes ]; then
  say "Nothing was changed: this was --dry-run."
elif [ "$keep_running" = yes ]; then
  say "Installed and running: ./start_llm_selfhost.sh status"
else
  say "Installed. Start it with ./start_llm_selfhost.sh"
fi
