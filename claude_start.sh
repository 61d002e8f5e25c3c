#!/usr/bin/env bash
# Claude Code on a self-hosted model: opens a supervised ssh tunnel to the gateway and starts `claude` on it.
# For bash 3.2 and newer, ssh and curl; one file, so that it can be copied to a laptop alone.
# docs/claude-code.md says how to use it, docs/adr/0012 why it is built like this.
set -uo pipefail
HOME=${HOME:-~}

usage() {
  cat <<'END'
Usage: ./claude_start.sh --ssh USER@HOST [-p PORT] [-i KEY] [options] [-- arguments of claude]
       ./claude_start.sh --url http://HOST:8000 [options] [-- arguments of claude]
       ./claude_start.sh NAME [options] [-- arguments of claude]

Starts claude on the model of a remote gateway, through a tunnel that is kept open.

  --ssh USER@HOST      the host, as ssh takes it; -p PORT and -i FILE mean the same as to ssh
  --url URL            a gateway that needs no tunnel
  NAME                 a host of the file ~/.config/llm-selfhost/hosts (not needed where it names only one)
  --key FILE           a file with the gateway's key; or set LLM_SELFHOST_KEY
  --remote-port PORT   the gateway's port on the host (8000)
  --local-port PORT    the first port to try here (8001)
  --wait SECONDS       how long the model may stand still on its way to ready (600)
  --new-host-key       the host was rented anew: forget its old ssh key
  --fresh              every answer is generated anew: nothing is read from the cache
  --fallback           plain claude, with the environment as it is, when the host cannot serve

Instead of starting claude:
  --print-env          print the environment for other tools (eval "$(...)"); the tunnel stays until --stop
  --status             the tunnels that are open
  --stop               end the tunnel to this host, or all of them
END
}

# ── Words ────────────────────────────────────────────────────────────────────────────────────────────────

progress_shown=no

say() {
  if [ "$progress_shown" = yes ]; then printf '\r\033[K' >&2; fi
  progress_shown=no
  printf 'claude_start: %s\n' "$*" >&2
}

last_progress=""

# progress TEXT: on a terminal a line that is written over, elsewhere a line for each change.
progress() {
  if [ -t 2 ]; then
    printf '\r\033[Kclaude_start: %s' "$1" >&2
    progress_shown=yes
  elif [ "$1" != "$last_progress" ]; then
    say "$1"
  fi
  last_progress=$1
}

# What a remote says never reaches the terminal with control characters in it.
printable() {
  printf '%s' "$1" | LC_ALL=C tr -cd '\40-\176' | cut -c 1-300
}

# Whoever evaluates the environment sees that there is none: eval "$(… --print-env)" && claude
fail_eval() { if [ "$action" = print-env ]; then echo false; fi; }

usage_error() {
  say "$1"
  say "./claude_start.sh --help explains the options; arguments of claude stand after --."
  fail_eval
  exit 2
}

# fail LINE…: what went wrong, and what to do. With --fallback plain claude follows.
fail() {
  local line
  for line in "$@"; do say "$line"; done
  leave_tunnel
  if [ "$fallback" = yes ] && [ "$action" = start ]; then
    say "Starting plain claude instead (--fallback)."
    exec "$claude_program" ${claude_arguments[@]+"${claude_arguments[@]}"}
  fi
  fail_eval
  exit 1
}

# ── Options ──────────────────────────────────────────────────────────────────────────────────────────────

action=start
host_name=""
ssh_target=""
ssh_port=""
identity=""
url=""
key_file=""
remote_port=8000
local_port=8001
wait_seconds=600
fresh=no
fallback=no
new_host_key=no
claude_program=claude
claude_arguments=()

# set_option NAME VALUE: the same names on the command line and in the file of hosts.
set_option() {
  case $1 in
    ssh) ssh_target=$2 ;;
    port) ssh_port=$2 ;;
    identity) identity=$2 ;;
    url) url=$2 ;;
    key) key_file=$2 ;;
    remote-port) remote_port=$2 ;;
    local-port) local_port=$2 ;;
    wait) wait_seconds=$2 ;;
    fresh) fresh=$2 ;;
    fallback) fallback=$2 ;;
    *) return 1 ;;
  esac
}

parse_arguments() {
  local given=() name index
  for name in ${1+"$@"}; do # known before the first fault is told
    case $name in --) break ;; --print-env) action=print-env ;; esac
  done
  while [ $# -gt 0 ]; do
    case $1 in
      --) shift && break ;;
      -h | --help) usage && exit 0 ;;
      --print-env | --status | --stop) action=${1#--} && shift && continue ;;
      --new-host-key) new_host_key=yes && shift && continue ;;
      --fresh | --fallback) given+=("${1#--}" yes) && shift && continue ;;
      -p) name=port ;;
      -i) name=identity ;;
      --ssh | --port | --identity | --url | --key | --remote-port | --local-port | --wait) name=${1#--} ;;
      -*) usage_error "There is no option $1." ;;
      *)
        [ -z "$host_name" ] || usage_error "What does $1 mean?"
        host_name=$1
        shift
        continue
        ;;
    esac
    if [ $# -lt 2 ]; then usage_error "$1 needs a value."; fi
    given+=("$name" "$2")
    shift 2
  done
  claude_arguments=(${1+"$@"})
  if [ -n "$host_name" ]; then read_host "$host_name"; fi
  for ((index = 0; index < ${#given[@]}; index += 2)); do
    set_option "${given[index]}" "${given[index + 1]}"
  done
  if [ -z "$ssh_target$url$host_name" ] && [ "$action" != status ] && [ "$action" != stop ]; then
    host_name=$(list_hosts)
    case $host_name in
      "") usage >&2 && fail_eval && exit 2 ;;
      *$'\n'*) usage_error "Which host? $(printf '%s' "$host_name" | tr '\n' ' ')" ;;
    esac
    read_host "$host_name"
  fi
  check_options
}

hosts_file() { printf '%s' "${XDG_CONFIG_HOME:-$HOME/.config}/llm-selfhost/hosts"; }

list_hosts() { sed -n 's/^[[:space:]]*\[\([^]]*\)\][[:space:]]*$/\1/p' "$(hosts_file)" 2>/dev/null; }

# read_host NAME: the lines `option = value` under [NAME]. Nothing in the file is run.
read_host() {
  local file line number=0 section="" found=no name value
  local header='^\[(.*)\]$' setting='^([a-z-]+)[[:space:]]*=[[:space:]]*(.*)$'
  file=$(hosts_file)
  if [ ! -r "$file" ]; then usage_error "$1 is no option, and there is no file $file that could name such a host."; fi
  while IFS= read -r line || [ -n "$line" ]; do
    number=$((number + 1))
    line=${line%$'\r'}
    line=${line#"${line%%[![:space:]]*}"}
    line=${line%"${line##*[![:space:]]}"}
    case $line in "" | "#"*) continue ;; esac
    if [[ $line =~ $header ]]; then
      section=${BASH_REMATCH[1]}
      if [ "$section" = "$1" ]; then found=yes; fi
    elif [[ $line =~ $setting ]]; then
      name=${BASH_REMATCH[1]}
      value=${BASH_REMATCH[2]}
      if [ "$section" = "$1" ] && ! set_option "$name" "$value"; then
        usage_error "$file, line $number: there is no option \"$name\"."
      fi
    else
      usage_error "$file, line $number is neither [name] nor option = value."
    fi
  done <"$file"
  [ "$found" = yes ] || usage_error "There is no host [$1] in $file."
}

check_options() {
  local switch name='^[A-Za-z0-9_][A-Za-z0-9_.@:%-]*$' address='^https?://([A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\])(:[0-9]+)?(/[A-Za-z0-9._~/-]*)?$'
  if [ -n "$ssh_target" ] && [ -n "$url" ]; then usage_error "Either --ssh or --url."; fi
  if [ -n "$ssh_target" ] && ! [[ $ssh_target =~ $name ]]; then usage_error "--ssh takes USER@HOST, not \"$ssh_target\"."; fi
  if [ -n "$url" ] && ! [[ $url =~ $address ]]; then usage_error "--url takes something like http://host:8000, not \"$url\"."; fi
  url=${url%/}
  if [ -n "$ssh_port" ]; then check_number --port "$ssh_port" 65535; fi
  check_number --remote-port "$remote_port" 65535
  check_number --local-port "$local_port" 65535
  check_number --wait "$wait_seconds" 1000000
  for switch in "$fresh" "$fallback"; do
    case $switch in yes | no) ;; *) usage_error "fresh and fallback are yes or no, not \"$switch\"." ;; esac
  done
  identity=$(to_absolute "$identity")
  key_file=$(to_absolute "$key_file")
  if [ -n "$identity" ] && [ ! -r "$identity" ]; then usage_error "There is no readable key file $identity."; fi
}

check_number() {
  case $2 in *[!0-9]* | "" | ???????*) usage_error "$1 takes a number, not \"$2\"." ;; esac
  if [ "$2" -lt 1 ] || [ "$2" -gt "$3" ]; then usage_error "$1 is between 1 and $3, not $2."; fi
}

to_absolute() {
  case $1 in
    "" | /*) printf '%s' "$1" ;;
    \~/*) printf '%s' "$HOME/${1#\~/}" ;;
    *) printf '%s' "$PWD/$1" ;;
  esac
}

# ── The tunnel, as its users see it ──────────────────────────────────────────────────────────────────────
# Each host has a folder: known_hosts, and while a supervisor lives run/ with pid, port, state, ssh.log,
# users/PID for each process that needs the tunnel, and keep where it is to stay without any.

tunnels_folder() { printf '%s' "${XDG_STATE_HOME:-$HOME/.local/state}/llm-selfhost/tunnels"; }

tunnel=""
may_come_back=no

tunnel_folder() {
  local name=$ssh_target-${ssh_port:-default}-$remote_port
  printf '%s' "$(tunnels_folder)/${name//[^A-Za-z0-9.@_-]/_}"
}

command_of() {
  if [ -d /proc/self ]; then tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null; else
    ps -ww -o command= -p "$1" 2>/dev/null
  fi
}

first_line() {
  local line=""
  if [ -r "$1" ]; then IFS= read -r line <"$1"; fi
  printf '%s' "$line"
}

# supervisor_lives FOLDER: a process of this number may be another one by now, so its command is looked at.
supervisor_lives() {
  local pid
  pid=$(first_line "$1/run/pid" 2>/dev/null)
  [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null || return 1
  case $(command_of "$pid") in *"--supervise $1 "*) return 0 ;; esac
  return 1
}

# left_behind FOLDER: its supervisor was killed. One that is just starting has written no pid yet.
left_behind() { [ -s "$1/run/pid" ] && ! supervisor_lives "$1"; }

# One start at a time, and never what another one has begun meanwhile.
clear_left_behind() {
  mkdir "$1/run/clearing" 2>/dev/null || return 0
  if left_behind "$1"; then clear_away "$1"; else rmdir "$1/run/clearing" 2>/dev/null; fi
}

# What a supervisor left that was killed: its ssh, known by the forwarding that only ours has, and its files.
clear_away() {
  local stale=$1/run.stale.$$ pid port
  mv "$1/run" "$stale" 2>/dev/null || return 0
  pid=$(first_line "$stale/ssh.pid")
  port=$(first_line "$stale/port")
  if [ -n "$pid" ]; then
    case $(command_of "$pid") in *"LocalCommand=$connected_command -L 127.0.0.1:$port:"*) kill "$pid" 2>/dev/null ;; esac
  fi
  # Who still needs it keeps it when it is opened anew.
  if [ ! -e "$stale/stop" ] && [ ! -e "$1/users.left" ]; then
    if [ -e "$stale/keep" ]; then : >"$stale/users/keep"; fi
    mv "$stale/users" "$1/users.left" 2>/dev/null
  fi
  rm -rf "$stale"
}

open_tunnel() {
  local waited=0
  tunnel=$(tunnel_folder)
  (umask 077 && mkdir -p "$tunnel") || fail "Cannot write to $tunnel."
  while :; do
    if supervisor_lives "$tunnel"; then
      if [ ! -e "$tunnel/run/stop" ] && (: >"$tunnel/run/users/$$") 2>/dev/null; then
        may_come_back=yes
        return
      fi
    elif (umask 077 && mkdir "$tunnel/run") 2>/dev/null; then
      mv "$tunnel/users.left" "$tunnel/run/users" 2>/dev/null || mkdir "$tunnel/run/users"
      mv "$tunnel/run/users/keep" "$tunnel/run/keep" 2>/dev/null
      : >"$tunnel/run/users/$$"
      start_supervisor
      return
    elif [ "$waited" -ge 60 ]; then
      fail "Cannot write to $tunnel."
    elif [ "$waited" -ge 30 ]; then # before that, another start may be at this very point
      clear_away "$tunnel"
    elif left_behind "$tunnel"; then
      clear_left_behind "$tunnel"
    fi
    waited=$((waited + 1))
    sleep 0.1
  done
}

# A process group of its own, so that Ctrl-C does not reach it; no child of ours, since we become claude;
# and none of our files open, since somebody may wait for their end.
start_supervisor() {
  (
    set -m
    "$BASH" "$self" --supervise "$tunnel" "$ssh_target" "$ssh_port" "$identity" "$remote_port" "$local_port" \
      </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
  )
}

leave_tunnel() {
  if [ -n "$tunnel" ]; then rm -f "$tunnel/run/users/$$"; fi
}

# end_tunnel FOLDER: the supervisor does it; where it does not live, what it left is cleared.
end_tunnel() {
  local tries
  (: >"$1/run/stop") 2>/dev/null
  for ((tries = 0; tries < 50; tries++)); do
    if left_behind "$1"; then clear_left_behind "$1"; fi
    if [ ! -e "$1/run/stop" ]; then return; fi # gone, or another start has begun anew
    sleep 0.1
  done
  if [ -e "$1/run/stop" ]; then clear_away "$1"; fi
}

tunnel_state() { first_line "$tunnel/run/state"; }

# Opened anew, a tunnel may have another port.
set_base_url() {
  local_port=$(first_line "$tunnel/run/port")
  base_url=http://127.0.0.1:$local_port
}

# Until the tunnel is up, or has failed. One that was up before gets time to come back.
await_tunnel() {
  local patience=$SECONDS state kind
  progress "connecting to $ssh_target ..."
  while :; do
    if [ ! -e "$tunnel/run/users/$$" ]; then open_tunnel; fi
    state=$(tunnel_state)
    case $state in
      up) set_base_url && return ;;
      failed\ *)
        kind=${state#failed }
        if [ "$kind" = key-changed ]; then ask_about_host_key && patience=$SECONDS && continue; fi
        if [ "$may_come_back" = no ] || [ $((SECONDS - patience)) -gt 15 ]; then fail_connection "$kind"; fi
        ;;
    esac
    if [ $((SECONDS - patience)) -gt 60 ]; then fail_connection timeout; fi
    sleep 0.1
  done
}

# One that never was up must not be found by the next start, which may have another key.
give_up_tunnel() {
  if [ "$may_come_back" = no ] && [ "$(tunnel_state)" != up ]; then end_tunnel "$tunnel"; fi
}

fail_connection() {
  local where=$ssh_target said unusable
  if [ -n "$ssh_port" ]; then where="$ssh_target, port $ssh_port"; fi
  said=$(printable "$(grep -v -e 'open failed' -e 'Could not request' "$tunnel/run/ssh.log" 2>/dev/null | tail -n 1)")
  unusable=$(printable "$(grep 'Load key' "$tunnel/run/ssh.log" 2>/dev/null | tail -n 1)")
  give_up_tunnel
  if [ -n "$unusable" ]; then
    say "ssh cannot use a key: $unusable. It has to be the private one, and readable for you alone (chmod 600)."
  fi
  case $1 in
    auth) fail "$where refuses the ssh login: no key of yours is accepted there." \
      "Give the right one with -i FILE; a key with a passphrase must be in the agent (ssh-add FILE)." ;;
    refused) fail "Connection refused by $where: no sshd listens there. Is the host running, and is the port still the same?" ;;
    timeout) fail "Connection timed out: $where does not answer. Is the host running, and is the address right?" ;;
    unknown-host) fail "There is no host of the name in $ssh_target." ;;
    unreachable) fail "$where cannot be reached from this network: $said" ;;
    port) fail "Port in use: no port from $local_port on is free here. Choose another one with --local-port." ;;
    closed) fail "$where closes the connection: $said" ;;
    *) fail "The ssh connection to $where failed: ${said:-no reason given}" ;;
  esac
}

# ── Host keys ────────────────────────────────────────────────────────────────────────────────────────────

fingerprints() { ssh-keygen -lf "$tunnel/known_hosts" 2>/dev/null | cut -d ' ' -f 2 | tr '\n' ' '; }

expected_key=""

# A rented address often comes back with another machine behind it. Only a person can know that.
ask_about_host_key() {
  local offered answer=""
  offered=$(grep -o 'SHA256:[A-Za-z0-9+/=]*' "$tunnel/run/ssh.log" | head -n 1)
  if [ -z "$offered" ]; then # the supervisor tries again just now
    sleep 0.1
    return
  fi
  say "The host key of $ssh_target${ssh_port:+, port $ssh_port} has changed."
  say "  remembered: $(fingerprints)"
  say "  offered:    $offered"
  if ! (: </dev/tty) 2>/dev/null; then
    give_up_tunnel
    fail "If you have rented the host anew, that is normal: start once with --new-host-key. If not, somebody may be listening in."
  fi
  say "If you have rented the host anew, that is normal. If not, somebody may be listening in."
  printf 'claude_start: Trust the new key? [y/N] ' >/dev/tty
  IFS= read -r answer </dev/tty
  case $answer in
    y | Y | yes) ;;
    *)
      give_up_tunnel
      fail "The host key has changed, and the new one is not trusted."
      ;;
  esac
  expected_key=$offered
  case "$(fingerprints)" in *"$offered"*) return ;; esac # another start was answered meanwhile
  rm -f "$tunnel/known_hosts" "$tunnel/run/state"
}

check_host_key() {
  if [ -z "$expected_key" ]; then return; fi
  case "$(fingerprints)" in *"$expected_key"*) return ;; esac
  rm -f "$tunnel/known_hosts"
  fail "The host key has changed once more since you were asked."
}

# ── The supervisor ───────────────────────────────────────────────────────────────────────────────────────
# Keeps one ssh running as long as somebody uses the tunnel. It works in run/, so that paths with spaces
# never stand in an option of ssh.

connected_command="echo up >connected"

supervise() {
  local folder=$1 target=$2 port=$3 key=$4 remote=$5 first_port=$6 bound_port was_up=no delay=1 kind options
  cd "$folder/run" || exit 1
  trap '' HUP INT
  trap 'end_supervisor' TERM
  echo $$ >pid
  options=(-N -T -a -x -n -S none)
  if [ -n "$port" ]; then options+=(-p "$port"); fi
  if [ -n "$key" ]; then options+=(-i "$key" -o IdentitiesOnly=yes); fi
  for kind in BatchMode=yes ControlMaster=no RemoteCommand=none ConnectTimeout=10 ConnectionAttempts=1 \
    ExitOnForwardFailure=yes ServerAliveInterval=10 ServerAliveCountMax=3 StrictHostKeyChecking=accept-new \
    UserKnownHostsFile=../known_hosts GlobalKnownHostsFile=/dev/null UpdateHostKeys=no CheckHostIP=no \
    HashKnownHosts=no LogLevel=INFO PermitLocalCommand=yes "LocalCommand=$connected_command"; do
    options+=(-o "$kind")
  done
  bound_port=$(free_port_from "$first_port" "$first_port")
  while is_wanted; do
    if [ -z "$bound_port" ]; then
      set_state "failed port"
      pause 1
      continue
    fi
    echo "$bound_port" >port
    rm -f connected
    ssh "${options[@]}" -L "127.0.0.1:$bound_port:127.0.0.1:$remote" -- "$target" </dev/null >ssh.log 2>&1 &
    ssh_pid=$!
    echo "$ssh_pid" >ssh.pid
    while kill -0 "$ssh_pid" 2>/dev/null; do
      is_wanted || end_supervisor
      if [ -e connected ] && [ ! -e counted ]; then
        : >counted
        was_up=yes
        delay=1
        set_state up
      fi
      if [ -e counted ]; then sleep 1; else sleep 0.1; fi
    done
    rm -f counted
    kind=$(kind_of_failure)
    # Another program was quicker. Once claude knows the port, it must stay the same.
    if [ "$kind" = port ] && [ "$was_up" = no ]; then
      bound_port=$(free_port_from $((bound_port + 1)) "$first_port")
      continue
    fi
    set_state "failed $kind"
    pause "$delay"
    delay=$((delay < 5 ? delay * 2 : 10))
  done
  end_supervisor
}

set_state() { echo "$1" >state.new && mv -f state.new state; }

pause() {
  local tick
  for ((tick = 0; tick < $1 * 2; tick++)); do
    is_wanted || end_supervisor
    sleep 0.5
  done
}

# Not so when somebody has taken this supervisor for dead and begun anew.
is_ours() { [ "$(first_line pid)" = $$ ]; }

is_wanted() {
  local user
  if ! is_ours || [ -e stop ]; then return 1; fi
  if [ -e keep ]; then return 0; fi
  for user in users/*; do
    if kill -0 "${user#users/}" 2>/dev/null; then return 0; fi
    rm -f "$user"
  done
  user=$(background_service)
  [ -n "$user" ] && : >"users/$user"
}

# What runs the sessions of `claude --bg`, and those that a claude hands over: it outlives every claude, and ends
# soon after its last session.
background_service() {
  local line="" pid
  while read -r line; do
    case $line in '"pid": '*) break ;; esac
  done <"${CLAUDE_CONFIG_DIR:-$HOME/.claude}/daemon.lock"
  pid=${line//[!0-9]/}
  if [ -n "$pid" ]; then
    case $(command_of "$pid") in *" daemon run"*) echo "$pid" ;; esac
  fi
} 2>/dev/null

end_supervisor() {
  if [ -n "${ssh_pid:-}" ] && kill "$ssh_pid" 2>/dev/null; then wait "$ssh_pid" 2>/dev/null; fi
  if is_ours; then cd .. && mv run "run.ended.$$" && rm -rf "run.ended.$$"; fi
  exit 0
}

# free_port_from PORT FIRST: the first port that nobody listens on, of twenty; nothing where there is none.
free_port_from() {
  local port
  for ((port = $1; port < $2 + 20 && port < 65536; port++)); do
    if ! (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      echo "$port"
      return
    fi
  done
}

kind_of_failure() {
  case $(grep -v 'open failed' ssh.log) in
    *"REMOTE HOST IDENTIFICATION HAS CHANGED"*) echo key-changed ;;
    *"Permission denied"* | *"Too many authentication failures"*) echo auth ;;
    *"Could not resolve hostname"*) echo unknown-host ;;
    *"cannot listen to port: $bound_port"[!0-9]*) echo port ;;
    *"Connection refused"*) echo refused ;;
    *"timed out"*) echo timeout ;;
    *"No route to host"* | *"etwork is unreachable"*) echo unreachable ;;
    *"onnection closed"* | *"onnection reset"* | *"Broken pipe"* | *"not responding"* | *"closed by remote"*) echo closed ;;
    *) echo other ;;
  esac
}

# ── The gateway ──────────────────────────────────────────────────────────────────────────────────────────

status=""
body=""
gateway_key=""
shown_key=""

# ask PATH: sets status and body; returns curl's exit code. The key goes through a pipe, since everybody on this
# machine may read command lines; no stranger gets it. A tunnel needs no proxy.
ask() {
  local answer code proxy=()
  if [ -z "$url" ]; then proxy=(--noproxy '*'); fi
  answer=$(
    if [ -n "$shown_key" ]; then printf 'header = "authorization: Bearer %s"\n' "$shown_key"; fi |
      curl -q -K - -sS ${proxy[@]+"${proxy[@]}"} --connect-timeout 10 --max-time 20 --max-filesize 1000000 \
        -w '\n%{http_code}' "$base_url$1" 2>&1
  )
  code=$?
  status=${answer##*$'\n'}
  body=${answer%$'\n'*}
  return $code
}

read_field() {
  printable "$(printf '%s' "$body" | LC_ALL=C sed -nE 's/.*"'"$1"'":"(([^"\\]|\\.)*)".*/\1/p' | head -n 1 | sed 's/\\"/"/g')"
}

await_gateway() {
  local since=$SECONDS code patience
  while :; do
    ask /
    code=$?
    if [ $code = 0 ]; then break; fi
    if [ -n "$url" ]; then fail_url $code; fi
    # No answer at all may also be a line that is dead without ssh having noticed yet.
    if [ $code = 28 ]; then patience=60; else patience=5; fi
    case $(tunnel_state) in
      up) if [ $((SECONDS - since)) -ge $patience ]; then fail_remote $code; fi ;;
      *) await_tunnel && since=$SECONDS ;;
    esac
    sleep 0.5
  done
  # A host name that the gateway does not know takes a key, or ALLOWED_HOSTS.
  case $status$body in
    403*'"permission_error"'*) if [ -n "$gateway_key" ]; then shown_key=$gateway_key && ask /; fi ;;
  esac
  case $status$body in
    200*'"service":"gateway"'*) return ;;
    *'"permission_error"'*) fail "$place refuses: $(read_field message)" ;;
  esac
  fail "Something answers at $place, but it is not the gateway of llm-selfhost (HTTP $(printable "$status"))."
}

fail_url() {
  case $1 in
    6) fail "There is no host of the name in $url." ;;
    7) fail "Connection refused: nothing listens at $url. Is the gateway running, and is the port right?" ;;
    28) fail "Connection timed out: $url does not answer." ;;
    *) fail "$url cannot be reached: $(printable "$body")" ;;
  esac
}

fail_remote() {
  if [ "$1" = 28 ]; then
    fail "The gateway does not answer: $place takes connections and says nothing. Look at its log on the host."
  fi
  if grep -q 'administratively prohibited' "$tunnel/run/ssh.log" 2>/dev/null; then
    fail "The sshd of $ssh_target forbids port forwarding (AllowTcpForwarding)."
  fi
  fail "The gateway is not running: $ssh_target is there, but nothing answers on its port $remote_port." \
    "Start it there: ./start_llm_selfhost.sh, or docker compose -f docker-compose.gpu.yml up -d"
}

# Shows how far the model is, until it can answer.
await_model() {
  local step last="" since=$SECONDS
  while :; do
    if ! ask /health/ready; then
      step="the gateway does not answer"
      if [ -z "$url" ] && [ "$(tunnel_state)" != up ]; then step="the connection is lost, trying again"; fi
    elif [ "$status" = 200 ]; then
      return
    else
      step=$(read_field state)
      case $step in
        missing) fail "The model $(read_field name) is missing on the host: $(read_field message)" ;;
        "" | waiting) step="waiting: $(read_field message)" ;;
        *) step="model $(read_field name): $step" ;;
      esac
    fi
    if [ "$step" != "$last" ]; then
      since=$SECONDS
      last=$step
    fi
    progress "$step"
    if [ $((SECONDS - since)) -ge "$wait_seconds" ]; then
      fail "Not ready: for $wait_seconds s nothing has changed ($step). Look at the host's log, or wait longer with --wait."
    fi
    sleep 1
  done
}

# ── The environment ──────────────────────────────────────────────────────────────────────────────────────

names=()
values=()

add_variable() {
  names+=("$1")
  values+=("$2")
}

# Only names of this list are taken, only values without any meaning to a shell, and no address but ours: a
# gateway could be somebody else's.
read_environment() {
  local LC_ALL=C line name value
  local form="^export ([A-Z][A-Z0-9_]*)='([][A-Za-z0-9._:/@+=,-]*)'\$"
  ask /claude-code/env || fail "The gateway stopped answering."
  if [ "$status" != 200 ]; then fail "The gateway tells no environment: $(read_field message)"; fi
  while IFS= read -r line; do
    if [ -z "$line" ]; then continue; fi
    if ! [[ $line =~ $form ]]; then
      fail "The gateway's environment has a line that is no plain setting, so nothing of it is used: $(printable "$line")"
    fi
    name=${BASH_REMATCH[1]}
    value=${BASH_REMATCH[2]}
    case $name in
      ANTHROPIC_BASE_URL) ;;
      ANTHROPIC_AUTH_TOKEN | ANTHROPIC_MODEL | ANTHROPIC_DEFAULT_HAIKU_MODEL | \
        CLAUDE_CODE_MAX_CONTEXT_TOKENS | CLAUDE_CODE_MAX_OUTPUT_TOKENS | CLAUDE_CODE_ATTRIBUTION_HEADER | \
        CLAUDE_CODE_FILE_READ_MAX_OUTPUT_TOKENS | MAX_MCP_OUTPUT_TOKENS | \
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC | CLAUDE_CODE_DISABLE_BACKGROUND_TASKS | \
        CLAUDE_STREAM_IDLE_TIMEOUT_MS | API_FORCE_IDLE_TIMEOUT | API_TIMEOUT_MS) add_variable "$name" "$value" ;;
      *) say "The gateway also sets $name, which this launcher does not know; left out." ;;
    esac
  done <<<"$body"
  add_variable ANTHROPIC_BASE_URL "$base_url"
  # A tunnel may be cut more than once in a turn; the client takes 15 at most.
  if [ -z "$url" ]; then add_variable CLAUDE_CODE_MAX_RETRIES "${CLAUDE_CODE_MAX_RETRIES:-15}"; fi
  add_key
  add_headers
  add_proxy_exception
}

# What would send claude elsewhere, or a key of somebody else's to this gateway.
foreign_variables="ANTHROPIC_API_KEY ANTHROPIC_UNIX_SOCKET CLAUDE_CODE_USE_BEDROCK CLAUDE_CODE_USE_VERTEX \
CLAUDE_CODE_USE_FOUNDRY CLAUDE_CODE_USE_MANTLE CLAUDE_CODE_USE_ANTHROPIC_AWS CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD"

read_key() {
  local form='^[A-Za-z0-9._~+/=-]*$'
  if [ -n "$key_file" ]; then
    if [ ! -r "$key_file" ]; then fail "--key takes a file with the key in it, and there is none at $key_file."; fi
    gateway_key=$(first_line "$key_file")
    gateway_key=${gateway_key%$'\r'}
  else
    gateway_key=${LLM_SELFHOST_KEY:-}
  fi
  [[ $gateway_key =~ $form ]] || fail "The key has characters that no key has."
}

# The key, checked before claude would retry with a wrong one for minutes.
add_key() {
  local key=$gateway_key own_header='(^|'$'\n'')[Xx]-[Aa][Pp][Ii]-[Kk][Ee][Yy]:'
  shown_key=$key
  ask /v1/models || fail "The gateway stopped answering."
  case $status in
    401 | 403)
      if [ -n "$key" ]; then fail "The gateway refuses the key: $(read_field message)"; fi
      if ! [[ ${ANTHROPIC_CUSTOM_HEADERS:-} =~ $own_header ]]; then
        fail "The gateway wants a key: put it into a file and say --key FILE, or set LLM_SELFHOST_KEY."
      fi
      key=local # the client wants one; the user's own header has the real one
      ;;
  esac
  if [ -n "$key" ]; then add_variable ANTHROPIC_AUTH_TOKEN "$key"; fi
}

add_headers() {
  if [ "$fresh" != yes ]; then return; fi
  add_variable ANTHROPIC_CUSTOM_HEADERS "${ANTHROPIC_CUSTOM_HEADERS:+$ANTHROPIC_CUSTOM_HEADERS
}cache-control: no-cache"
}

# A proxy for the internet would look for the tunnel on its own machine.
add_proxy_exception() {
  local set=${http_proxy:-}${HTTP_PROXY:-}${https_proxy:-}${HTTPS_PROXY:-}${all_proxy:-}${ALL_PROXY:-}
  if [ -n "$url" ] || [ -z "$set" ]; then return; fi
  add_variable NO_PROXY "127.0.0.1${NO_PROXY:+,$NO_PROXY}"
  add_variable no_proxy "127.0.0.1${no_proxy:+,$no_proxy}"
}

quoted() {
  printf "'"
  printf '%s' "$1" | sed "s/'/'\\\\''/g"
  printf "'"
}

print_environment() {
  local index
  printf 'unset %s\n' "$foreign_variables"
  for ((index = 0; index < ${#names[@]}; index++)); do
    printf 'export %s=%s\n' "${names[index]}" "$(quoted "${values[index]}")"
  done
}

# What stands in Claude Code's own settings goes before the environment.
warn_of_settings() {
  local file name
  for file in "${CLAUDE_CONFIG_DIR:-$HOME/.claude}/settings.json" .claude/settings.json .claude/settings.local.json; do
    for name in ANTHROPIC_BASE_URL ANTHROPIC_AUTH_TOKEN apiKeyHelper $foreign_variables; do
      if grep -q "\"$name\"" "$file" 2>/dev/null; then
        say "$file sets $name, and claude follows that: take it out to use this host."
      fi
    done
  done
}

# This process becomes claude: terminal, signals, job control and exit code are claude's own, and the
# supervisor ends the tunnel when it is gone.
start_claude() {
  local index
  # shellcheck disable=SC2086 # a list of names
  unset $foreign_variables LLM_SELFHOST_KEY
  for ((index = 0; index < ${#names[@]}; index++)); do
    export "${names[index]}=${values[index]}"
  done
  exec "$claude_program" ${claude_arguments[@]+"${claude_arguments[@]}"}
}

# ── What is done ─────────────────────────────────────────────────────────────────────────────────────────

needs_program() { command -v "$1" >/dev/null 2>&1; }

check_programs() {
  if [ "$action" = start ]; then find_claude; fi
  needs_program curl || fail "curl is missing: install it first."
  if [ -z "$url" ]; then
    needs_program ssh || fail "ssh is missing: install OpenSSH's client first."
  fi
}

# Claude Code's own installers put it where an interactive shell finds it by an alias, and a script does not.
find_claude() {
  local place
  if needs_program claude; then return; fi
  for place in "$HOME/.local/bin/claude" "$HOME/.claude/local/claude"; do
    if [ -x "$place" ]; then
      claude_program=$place
      return
    fi
  done
  fallback=no
  fail "claude is missing: npm install -g @anthropic-ai/claude-code"
}

# RunPod's relay passes a terminal only. An alias of ~/.ssh/config may hide it.
check_relay() {
  case "$ssh_target $(ssh -G ${ssh_port:+-p "$ssh_port"} -- "$ssh_target" </dev/null 2>/dev/null | sed -n 's/^hostname /@/p')" in
    *@ssh.runpod.io*)
      fail "RunPod's basic ssh (ssh.runpod.io) cannot forward ports." \
        "Copy the other command of the pod's Connect page, \"SSH over exposed TCP\" (ssh root@IP -p PORT -i KEY): ./claude_start.sh --ssh root@IP -p PORT -i KEY" \
        "If it is not offered, the pod has no public IP or does not expose TCP port 22: add it in the pod's settings."
      ;;
  esac
}

connect() {
  local is_known=no
  check_programs
  read_key
  if [ -n "$url" ]; then
    base_url=$url
    place=$url
    return
  fi
  check_relay
  if [ "$new_host_key" = yes ]; then rm -f "$(tunnel_folder)/known_hosts"; fi
  if [ -s "$(tunnel_folder)/known_hosts" ]; then is_known=yes; fi
  open_tunnel
  await_tunnel
  may_come_back=yes
  check_host_key
  place="port $remote_port of $ssh_target"
  if [ "$is_known" = no ]; then say "First connection to $ssh_target; its host key is remembered: $(fingerprints)"; fi
}

serve() {
  connect
  await_gateway
  await_model
  read_environment
  if [ -n "$tunnel" ] && [ "$action" = print-env ]; then : >"$tunnel/run/keep"; fi
  if [ -n "$tunnel" ] && { [ ! -e "$tunnel/run/users/$$" ] || [ -e "$tunnel/run/stop" ]; }; then
    fail "The tunnel was stopped meanwhile."
  fi
  leave_progress
  if [ "$action" = print-env ]; then
    print_environment
    leave_tunnel
    return
  fi
  warn_of_settings
  start_claude
}

leave_progress() {
  if [ "$progress_shown" = yes ]; then printf '\r\033[K' >&2; fi
}

each_tunnel() {
  local folder
  if [ -n "$url" ]; then return; fi
  if [ -n "$ssh_target" ]; then
    if [ -d "$(tunnel_folder)/run" ]; then tunnel_folder && echo; fi
    return
  fi
  for folder in "$(tunnels_folder)"/*; do
    if [ -d "$folder/run" ]; then printf '%s\n' "$folder"; fi
  done
}

show_status() {
  local folder user users shown=no
  while IFS= read -r folder; do
    shown=yes
    if ! supervisor_lives "$folder"; then
      printf '%s: left behind by a supervisor that was killed; --stop clears it\n' "${folder##*/}"
      continue
    fi
    users=0
    for user in "$folder"/run/users/*; do
      if kill -0 "${user##*/}" 2>/dev/null; then users=$((users + 1)); fi
    done
    printf '%s: http://127.0.0.1:%s, %s, used by %d\n' "${folder##*/}" "$(first_line "$folder/run/port")" \
      "$(first_line "$folder/run/state")" "$users"
  done < <(each_tunnel)
  if [ "$shown" = no ]; then echo "No tunnel is open."; fi
}

stop_tunnels() {
  local folder shown=no
  while IFS= read -r folder; do
    shown=yes
    end_tunnel "$folder"
    say "The tunnel ${folder##*/} is closed."
  done < <(each_tunnel)
  if [ "$shown" = no ]; then say "No tunnel is open."; fi
}

main() {
  if [ "${1:-}" = --supervise ]; then
    shift
    supervise "$@"
  fi
  trap 'leave_progress; exit 130' INT
  trap 'exit 143' TERM
  trap 'exit 129' HUP
  parse_arguments ${1+"$@"}
  case $action in
    status) show_status ;;
    stop) stop_tunnels ;;
    *) serve ;;
  esac
}

self=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/$(basename "${BASH_SOURCE[0]}")
main ${1+"$@"}
exit
