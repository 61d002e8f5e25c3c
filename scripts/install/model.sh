# shellcheck shell=bash disable=SC2034,SC2154 # one part of install.sh: they share their variables
# Which model, which window, and what is known of it.

choose_model() {
  model=$(choice MODEL_NAME "$asked_model")
  context=$(choice CONTEXT_LENGTH "$asked_context")
  has_gpu=no
  find_gpu
  if [ "$has_gpu" = no ] && [ "$cpu" = no ] && [ -z "$model" ]; then
    if is_interactive; then
      case $(ask "There is no NVIDIA GPU. Go on with a small model on the CPU: yes or no?" yes) in
        y | yes | Y | YES) cpu=yes ;;
        *) die "Without a GPU nothing is installed" ;;
      esac
    else
      stop_unless_forced "There is no NVIDIA GPU here ($gpu_fault). For a small model on the CPU: --cpu"
    fi
  fi
  if [ "$cpu" = yes ]; then
    model=${model:-qwen2.5-coder:1.5b}
    context=${context:-32768}
  fi
  model=${model:-qwen3-coder}
  context=${context:-65536}
  if ! [[ $context =~ ^[1-9][0-9]{2,6}$ ]] || [ "$context" -lt 512 ]; then
    die "The window must be a whole number of tokens, 512 at least, not $context"
  fi
  remember MODEL_NAME "$model"
  [ "$context" = 65536 ] || remember CONTEXT_LENGTH "$context"
  if [ -n "$(setting OLLAMA_HOST)" ]; then remember OLLAMA_HOST "$(setting OLLAMA_HOST)"; fi
  note "model $model with a window of $context tokens"
  IFS=$'\t' read -r _ download_mb weights_mib kv_bytes < <(grep -F "$model"$'\t' scripts/install/models.tsv | head -n 1) || true
}

# vram_mib of all GPUs together: Ollama spreads a model over them.
find_gpu() {
  vram_mib=0 gpu_fault=""
  if ! command -v nvidia-smi >/dev/null; then
    gpu_fault="no nvidia-smi"
    return
  fi
  local list
  if ! list=$(nvidia-smi --query-gpu=memory.total,name --format=csv,noheader,nounits 2>&1); then
    gpu_fault="nvidia-smi fails: ${list%%$'\n'*}"
    return
  fi
  vram_mib=$(awk -F, '{ sum += $1 } END { print sum + 0 }' <<<"$list")
  [ "$vram_mib" -gt 0 ] || { gpu_fault="nvidia-smi lists none" && return; }
  has_gpu=yes
  note "GPU: $(cut -d , -f 2- <<<"$list" | paste -sd + | xargs), $vram_mib MiB"
}
