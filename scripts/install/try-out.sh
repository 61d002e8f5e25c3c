# shellcheck shell=bash disable=SC2034,SC2154 # one part of install.sh: they share their variables
# The end: starts the stack, waits for the model, sends a message through the gateway.

try_out() {
  if [ "$with_model" = no ]; then
    note "left out: --no-model"
    if [ "$keep_running" = yes ]; then would "start it" || ./start_llm_selfhost.sh start; fi
    return
  fi
  would "start it, let Ollama pull $model where it is not there, and send a message through the gateway" && return
  local was_running=yes
  ./start_llm_selfhost.sh status >/dev/null || was_running=no
  if [ "$was_running" = yes ]; then keep_running=yes; fi
  if ! ./start_llm_selfhost.sh start || ! node scripts/install/try-out.mjs; then
    [ "$keep_running" = yes ] || ./start_llm_selfhost.sh stop --now
    die "It is installed, but does not answer yet: npm run doctor says why; the log is in run/llm-selfhost.log"
  fi
  [ "$keep_running" = yes ] || ./start_llm_selfhost.sh stop --now
}
