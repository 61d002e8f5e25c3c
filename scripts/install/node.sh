# shellcheck shell=bash disable=SC2034,SC2154 # one part of install.sh: they share their variables
# A Node with npm. The project brings its own Node 24 as a package; to install that, any from 20 on will do.

oldest_node=20
node_download=${NODE_DOWNLOAD:-https://nodejs.org/dist/latest-v24.x}

node_major() { { "$1" --version 2>/dev/null || true; } | sed -n 's/^v\([0-9]*\)\..*/\1/p'; }
has_node() { command -v npm >/dev/null && [ "$(node_major node)" -ge "$oldest_node" ] 2>/dev/null; }

install_node() {
  if has_node; then
    note "Node $(node --version) with npm is here"
    return
  fi
  would "install Node 24 into .local/node: from $node_download, else with apt and npm" && return
  unpack_node || node_from_packages
  hash -r
  has_node || die "Node could not be installed. Install Node 24 yourself (https://nodejs.org/en/download) and run this again"
  note "Node $(node --version) is in .local/node"
}

# The official archive.
unpack_node() {
  local arch archive name
  case $(uname -m) in
    x86_64) arch=x64 ;;
    aarch64) arch=arm64 ;;
    *) return 1 ;;
  esac
  note "Node from $node_download"
  mkdir -p "$download_folder"
  rm -f "$download_folder/SHASUMS256.txt"
  fetch "$node_download/SHASUMS256.txt" "$download_folder/SHASUMS256.txt" || return
  name=$(grep -o "node-v[0-9.]*-linux-$arch\.tar\.gz" "$download_folder/SHASUMS256.txt" | head -n 1)
  archive=$(fetch_checked "$node_download" "$name" SHASUMS256.txt) || return
  rm -rf "$local_folder/node.new"
  mkdir -p "$local_folder/node.new"
  tar -xzf "$archive" -C "$local_folder/node.new" --strip-components 1 || return
  replace_node
  rm -f "$archive"
}

# Debian's Node may be older than what is needed, but is good enough to install a newer one.
node_from_packages() {
  note "nodejs.org is not reached: Node by apt and npm"
  if ! command -v npm >/dev/null; then apt_install nodejs npm; fi
  hash -r
  has_node && return
  rm -rf "$local_folder/node.new"
  mkdir -p "$local_folder/node.new/bin"
  npm install --prefix "$local_folder/node.new" --no-audit --no-fund --loglevel=error node@24 npm@11 >/dev/null || return
  local program
  for program in node npm npx; do ln -s "../node_modules/.bin/$program" "$local_folder/node.new/bin/$program"; done
  replace_node
}

replace_node() {
  rm -rf "$local_folder/node"
  mv "$local_folder/node.new" "$local_folder/node"
}

build_project() {
  would "install the project's packages and build it" && return
  node scripts/prepare-only.mjs
  note "built"
}
