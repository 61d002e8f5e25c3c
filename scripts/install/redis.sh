# shellcheck shell=bash disable=SC2034,SC2154 # one part of install.sh: they share their variables
# Redis behind the cache: none (process memory only), local, or one somewhere else.

redis=none

choose_redis() {
  if [ -n "$(setting REDIS_URL)" ]; then
    redis=outside
    remember REDIS_URL "$(setting REDIS_URL)"
  elif [ -n "$(setting REDIS_HOST)" ]; then
    remember_redis_host
  elif [ -n "$asked_redis" ]; then
    take_redis "$asked_redis"
  else
    local default=none
    if command -v redis-server >/dev/null || can_install; then default=local; fi
    take_redis "$(ask "Redis: none, local, or another host (other)?" "$default")"
  fi
  note "Redis: $redis"
}

take_redis() {
  case $1 in
    none) ;;
    local)
      redis=local
      remember REDIS_HOST 127.0.0.1
      ;;
    redis://* | rediss://* | redis-cluster://* | rediss-cluster://* | redis-sentinel://* | rediss-sentinel://*)
      redis=outside
      remember REDIS_URL "$1"
      ;;
    other) ask_for_redis ;;
    *) die "Redis must be none, local or a URL that begins with redis:// or rediss://" ;;
  esac
}

ask_for_redis() {
  redis=outside
  local name
  remember REDIS_HOST "$(ask "Redis host" localhost)"
  remember REDIS_PORT "$(ask "Redis port" 6379)"
  name=$(ask "Redis user, if it has any" default)
  [ "$name" = default ] || remember REDIS_USERNAME "$name"
  name=$(ask_secret "Redis password, if it has any (not shown):")
  [ -z "$name" ] || remember REDIS_PASSWORD "$name"
  case $(ask "Encrypted with TLS: yes or no?" no) in
    y | yes | Y | YES) remember REDIS_TLS true ;;
  esac
}

# What the environment says goes into .env: another ssh session does not have it.
remember_redis_host() {
  local name
  for name in REDIS_HOST REDIS_PORT REDIS_USERNAME REDIS_PASSWORD REDIS_TLS REDIS_TLS_CA; do
    [ -z "$(setting "$name")" ] || remember "$name" "$(setting "$name")"
  done
  redis=outside
  case $(setting REDIS_HOST) in
    localhost | 127.* | ::1) redis=local ;;
  esac
}

install_redis() {
  [ "$redis" = local ] || return 0
  if command -v redis-server >/dev/null; then
    note "Redis is here: $(command -v redis-server)"
    return
  fi
  without_services apt_install redis-server
}
