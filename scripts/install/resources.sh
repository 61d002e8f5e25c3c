# shellcheck shell=bash disable=SC2034,SC2154 # one part of install.sh: they share their variables
# Enough VRAM, memory and disk? Asked before 19 GB are pulled.

# Beside weights and KV cache: buffers of the computation and the driver's own. As in scripts/doctor/vram-budget.mjs.
overhead_mib=1000
# What Ollama's archive and its contents take while both are there, and what the project takes; rules of thumb.
ollama_mb=8000
project_mb=1500

meminfo=${MEMINFO:-/proc/meminfo}
cgroup_limit=${CGROUP_LIMIT:-/sys/fs/cgroup/memory.max}

check_resources() {
  if [ -z "$weights_mib" ]; then
    note "$model is not in the list of known models: VRAM, memory and disk are not checked"
  else
    if [ "$has_gpu" = yes ]; then check_vram; elif is_ollama_here; then warn_of_cpu; fi
    check_memory
  fi
  check_disk
}

needed_mib() { echo $((weights_mib + kv_bytes * context / 1048576 + overhead_mib)); }

# The largest window that fits, in steps of 4,096 tokens.
largest_context() { echo $(((vram_mib - weights_mib - overhead_mib) * 1048576 / kv_bytes / 4096 * 4096)); }

check_vram() {
  local needed largest
  needed=$(needed_mib)
  if [ "$vram_mib" -ge "$needed" ]; then
    note "VRAM: $needed MiB of $vram_mib are needed"
    return
  fi
  largest=$(largest_context)
  if [ "$largest" -lt 4096 ]; then
    stop_unless_forced "$model needs $weights_mib MiB of VRAM for its weights alone, this GPU has $vram_mib. Take a larger GPU or a smaller model (--model)"
  else
    stop_unless_forced "A window of $context tokens needs $needed MiB of VRAM with $model, this GPU has $vram_mib. It fits: --context $largest (Claude Code wants 32768 at least)"
  fi
}

warn_of_cpu() {
  [ "$cpu" = yes ] || stop_unless_forced "There is no NVIDIA GPU here ($gpu_fault): $model would run on the CPU, which is slow. If you want that: --cpu"
}

check_memory() {
  local has needed=4000
  has=$(memory_mib)
  if [ "$has_gpu" = no ]; then needed=$(($(needed_mib) + 1000)); fi
  [ "$has" -ge "$needed" ] || stop_unless_forced "$needed MiB of memory are needed, this machine has $has"
  note "memory: $has MiB"
}

# A container may have less than the machine.
memory_mib() {
  local total limit
  total=$(awk '/^MemTotal:/ { print int($2 / 1024) }' "$meminfo")
  limit=$(cat "$cgroup_limit" 2>/dev/null || echo max)
  case $limit in
    *[!0-9]* | "") ;;
    *) if [ $((limit / 1048576)) -lt "$total" ]; then total=$((limit / 1048576)); fi ;;
  esac
  echo "$total"
}

check_disk() {
  local for_models=0 for_project=$project_mb
  if [ "$with_model" = yes ] && [ -n "$download_mb" ] && ! has_model; then for_models=$((download_mb + 500)); fi
  if is_ollama_here && ! is_ollama_good; then for_project=$((project_mb + ollama_mb)); fi
  if [ "$(device_of "$models")" = "$(device_of "$root")" ]; then
    need_space "$root" $((for_models + for_project))
  else
    need_space "$models" "$for_models"
    need_space "$root" "$for_project"
  fi
}

need_space() {
  local free
  free=$(free_mb "$1")
  [ "$free" -ge "$2" ] || stop_unless_forced "$2 MB of disk are needed in $1, $free are free"
  note "disk: $free MB free for $1, $2 needed"
}

# The nearest folder above a path that exists.
existing() {
  local path=$1
  while [ ! -e "$path" ]; do path=$(dirname "$path"); done
  printf '%s\n' "$path"
}
free_mb() { df --output=avail --block-size=1MB "$(existing "$1")" | tail -n 1 | tr -d ' '; }
device_of() { stat -c %d "$(existing "$1")"; }

# Ollama keeps a manifest for each model that it has whole.
has_model() {
  local name=${model%%:*} tag=latest
  case $model in *:*) tag=${model#*:} ;; esac
  [ -f "$models/manifests/registry.ollama.ai/library/$name/$tag" ]
}
