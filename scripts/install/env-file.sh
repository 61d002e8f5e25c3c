# shellcheck shell=bash disable=SC2034,SC2154 # one part of install.sh: they share their variables
# Reads .env as the services do, and adds to it. A line that is there is never changed.

env_file=$root/.env
new_settings=()

# UTF-16 has a NUL in every letter of a name.
if [ -r "$env_file" ] && [ "$(tr -dc '\0' <"$env_file" | wc -c)" -ne 0 ]; then
  die ".env must be a text in UTF-8, not in UTF-16 or with NUL bytes"
fi
if [ -r "$env_file" ] &&
  cut_off=$(grep -m 1 -E "^[[:space:]]*(export[[:space:]]+)?[A-Za-z0-9_.-]+[[:space:]]*=[[:space:]]*[^\"'\`#[:space:]]([^#]*[^#[:space:]])?#" "$env_file"); then
  die ".env: ${cut_off%%=*} has a # in its value: put the value in quotes"
fi

# in_file NAME: its value in .env; fails where it is not set there.
in_file() {
  local line
  [ -r "$env_file" ] || return 1
  # Windows writes a mark before the first line.
  line=$(sed $'1s/^\xef\xbb\xbf//' "$env_file" |
    grep -E "^[[:space:]]*(export[[:space:]]+)?$1[[:space:]]*=" | tail -n 1) || return 1
  [ -n "$line" ] || return 1
  line=${line#*=}
  line=${line#"${line%%[![:space:]]*}"}
  case $line in
    \"*) line=${line#\"} && line=${line%%\"*} ;;
    \'*) line=${line#\'} && line=${line%%\'*} ;;
    *) line=${line%%#*} && line=${line%"${line##*[![:space:]]}"} ;;
  esac
  printf '%s\n' "$line"
}

# setting NAME [DEFAULT]: from the environment, else .env, else the default.
setting() {
  local value=${!1:-}
  [ -n "$value" ] || value=$(in_file "$1") || true
  printf '%s\n' "${value:-${2:-}}"
}

# choice NAME OPTION: what an option of the command line says, which must not be otherwise in .env; else the setting.
choice() {
  local present
  if [ -n "$2" ] && present=$(in_file "$1") && [ "$present" != "$2" ]; then
    die "$1 is $present in .env, not $2: change it there"
  fi
  printf '%s\n' "${2:-$(setting "$1")}"
}

# remember NAME VALUE: to be added to .env if it has no such line.
remember() {
  local present value
  if present=$(in_file "$1"); then
    [ "$present" = "$2" ] || note "$1 stays as .env has it"
    return
  fi
  value=$(quoted "$2")
  new_settings+=("$1=$value")
}

# In the quotes that the value does not have itself.
quoted() {
  case $1 in
    *[!A-Za-z0-9_./:@,+-]*) ;;
    *) printf '%s' "$1" && return ;;
  esac
  case $1 in
    *\'*\"* | *\"*\'*) die "A value with both kinds of quotes cannot stand in .env" ;;
    *\'*) printf '"%s"' "$1" ;;
    *) printf "'%s'" "$1" ;;
  esac
}

write_settings() {
  if [ ${#new_settings[@]} -eq 0 ]; then
    note "nothing to add"
    return
  fi
  local names=("${new_settings[@]%%=*}")
  would "add ${names[*]} to .env" && return
  local text=""
  # A file without a line end at its end would swallow the first line.
  if [ -s "$env_file" ] && [ -n "$(tail -c 1 "$env_file")" ]; then text=$'\n'; fi
  text+="# Added by install.sh"$'\n'
  text+=$(printf '%s\n' "${new_settings[@]}")
  (umask 077 && printf '%s\n' "$text" >>"$env_file")
  # A copy of .env.example may be read by everybody.
  chmod go-rwx "$env_file"
  note "added: ${names[*]}"
}
