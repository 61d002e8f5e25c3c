# shellcheck shell=bash disable=SC2034,SC2154 # one part of install.sh: they share their variables
# How the installer talks, and how it does what --dry-run only tells.

say() { printf '%s\n' "$*"; }
note() { printf '   %s\n' "$*"; }
warn() { printf '   WARNING: %s\n' "$*" >&2; }
step() { printf '\n== %s\n' "$*"; }

die() {
  printf '\nERROR: %s\n' "$*" >&2
  exit 1
}

# stop_unless_forced TEXT: a fault that --force makes a warning.
stop_unless_forced() {
  if [ "$force" = yes ]; then warn "$*"; elif [ "$dry_run" = yes ]; then warn "would stop here: $*"; else
    die "$*"$'\n'"(--force goes on all the same)"
  fi
}

# would TEXT: in a dry run, tells what would be done and succeeds; otherwise fails, so that it is done:
#   would "install X" || install X
would() {
  [ "$dry_run" = yes ] || return 1
  note "would $*"
}

# Asked at the start: in $(…) the output is no terminal.
interactive=no
if [ -t 0 ] && [ -t 1 ]; then interactive=yes; fi
is_interactive() { [ "$may_ask" = yes ] && [ "$interactive" = yes ]; }

# ask QUESTION DEFAULT: prints the answer; the default where nobody can be asked.
ask() {
  local answer=""
  if is_interactive; then read -r -p "   $1 [$2] " answer </dev/tty; fi
  printf '%s\n' "${answer:-$2}"
}

# ask_secret QUESTION: the answer is not shown.
ask_secret() {
  local answer=""
  if is_interactive; then
    read -r -s -p "   $1 " answer </dev/tty
    printf '\n' >/dev/tty
  fi
  printf '%s\n' "$answer"
}
