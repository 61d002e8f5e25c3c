# shellcheck shell=bash disable=SC2034,SC2154 # one part of install.sh: they share their variables
# Ollama, without systemd: start_llm_selfhost.sh runs it. In .local, so that on a pod it lies on the volume
# together with the project.

ollama_version=${OLLAMA_VERSION:-0.17.4}
ollama_download=${OLLAMA_DOWNLOAD:-https://github.com/ollama/ollama/releases/download}

# is_ollama_good: one is installed that is not older. A self-built one says 0.0.0.
is_ollama_good() {
  local found
  found=$(ollama --version 2>/dev/null | sed -n 's/.*version is \([0-9.]*\).*/\1/p' | tail -n 1)
  [ -n "$found" ] || return 1
  [ "$found" = 0.0.0 ] || [ "$(printf '%s\n%s\n' "$ollama_version" "$found" | sort -V | head -n 1)" = "$ollama_version" ]
}

install_ollama() {
  if ! is_ollama_here; then
    note "Ollama is not installed: OLLAMA_HOST names another machine"
    return
  fi
  if is_ollama_good; then
    note "Ollama is here: $(command -v ollama)"
    return
  fi
  local arch
  case $(uname -m) in
    x86_64) arch=amd64 ;;
    aarch64) arch=arm64 ;;
    *) die "There is no Ollama for $(uname -m)" ;;
  esac
  local base=$ollama_download/v$ollama_version name=ollama-linux-$arch.tar.zst
  would "download $base/$name (about 2 GB) and unpack it into .local" && return
  note "downloading Ollama $ollama_version (about 2 GB)"
  local archive folder=$local_folder/ollama-$ollama_version
  archive=$(fetch_checked "$base" "$name" sha256sum.txt) || die "Ollama could not be downloaded from $base/$name"
  rm -rf "$folder.new" && mkdir -p "$folder.new" "$local_folder/bin"
  zstd -dc "$archive" | tar -x -C "$folder.new" || die "Ollama's archive could not be unpacked: is the disk full?"
  rm -rf "$folder" && mv "$folder.new" "$folder"
  ln -sfn "../ollama-$ollama_version/bin/ollama" "$local_folder/bin/ollama"
  rm -f "$archive"
  hash -r
  note "Ollama is in $folder"
}

# Whether Ollama is to run on this machine.
is_ollama_here() {
  local host
  host=$(setting OLLAMA_HOST localhost)
  host=${host#http://}
  case ${host%%/*} in
    localhost | localhost:* | 127.* | 0.0.0.0 | 0.0.0.0:* | :* | "[::1]"* | "[::]"*) return 0 ;;
    *) return 1 ;;
  esac
}

ollama_url() {
  local host
  host=$(setting OLLAMA_HOST localhost:11434)
  host=${host#http://} && host=${host%%/*}
  case $host in
    *:*) ;;
    *) host=$host:11434 ;;
  esac
  printf 'http://127.0.0.1:%s\n' "${host##*:}"
}

is_ollama_running() { command -v curl >/dev/null && curl --silent --fail --max-time 3 --output /dev/null "$(ollama_url)/api/version"; }
