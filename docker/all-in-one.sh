#!/usr/bin/env bash
# The entry of the all-in-one image: sshd where a key is given (RunPod hands it over as PUBLIC_KEY), then the
# supervisor. Only keys are let in; the host's own keys are made at the first start and kept on the volume.
set -euo pipefail

keys=/workspace/llm-selfhost/ssh
mkdir -p /workspace/llm-selfhost/run

if [ -n "${PUBLIC_KEY:-}" ]; then
  (umask 077 && mkdir -p "$keys" /root/.ssh)
  grep -qxF "$PUBLIC_KEY" /root/.ssh/authorized_keys 2>/dev/null || printf '%s\n' "$PUBLIC_KEY" >>/root/.ssh/authorized_keys
  chmod 600 /root/.ssh/authorized_keys
  [ -f "$keys/host_ed25519" ] || ssh-keygen -q -t ed25519 -N "" -f "$keys/host_ed25519"
  /usr/sbin/sshd -o HostKey="$keys/host_ed25519" -o PasswordAuthentication=no -o KbdInteractiveAuthentication=no
fi

exec node scripts/host/main.mjs run "$@"
