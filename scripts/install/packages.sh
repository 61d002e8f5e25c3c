# shellcheck shell=bash disable=SC2034,SC2154 # one part of install.sh: they share their variables
# Debian packages.

apt_is_fresh=no

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
can_install() { command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; }

# apt_install PACKAGE…
apt_install() {
  would "install the Debian packages $*" && return
  can_install || die "These packages are needed: $*. Not as root, so install them first: apt-get install $*"
  note "apt-get install $*"
  if [ "$apt_is_fresh" = no ]; then
    as_root apt-get -o DPkg::Lock::Timeout=300 update -qq || warn "apt-get update failed; going on with the lists that are there"
    apt_is_fresh=yes
  fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "$@" >/dev/null ||
    die "apt-get could not install $*"
}

# without_services COMMAND…: packages that are installed meanwhile do not start their services. What is to run
# is started by start_llm_selfhost.sh, with its own settings.
without_services() {
  local policy=/usr/sbin/policy-rc.d ours="# llm-selfhost's install.sh"
  # One of ours may be left of an install that was killed.
  if [ "$dry_run" = yes ] || { [ -e "$policy" ] && ! grep -qs "$ours" "$policy"; } || ! can_install; then
    "$@"
    return
  fi
  printf '#!/bin/sh\n%s\nexit 101\n' "$ours" | as_root tee "$policy" >/dev/null
  as_root chmod 755 "$policy"
  (
    trap 'as_root rm -f "$policy"' EXIT
    trap 'exit 130' INT TERM HUP
    "$@"
  ) || return
}

# What the downloads need: the certificates of curl, and zstd for Ollama's archive.
install_basics() {
  local missing=()
  command -v curl >/dev/null || missing+=(curl ca-certificates)
  command -v zstd >/dev/null || missing+=(zstd)
  if [ ${#missing[@]} -gt 0 ]; then apt_install "${missing[@]}"; fi
}
