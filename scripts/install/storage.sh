# shellcheck shell=bash disable=SC2034,SC2154 # one part of install.sh: they share their variables
# Where the models are: on a volume that outlives the container, where there is one.

mounts=${MOUNTS:-/proc/self/mounts}
read -r -a volumes <<<"${VOLUMES:-/workspace /datastore /data}"
# Where Ollama keeps models by itself.
default_models=${HOME:-/root}/.ollama/models

choose_storage() {
  models=$(setting OLLAMA_MODELS)
  local volume
  if [ -n "$models" ] && [ -n "$asked_storage" ] && [ "$models" != "$asked_storage/ollama/models" ]; then
    die "OLLAMA_MODELS is $models, which is not in $asked_storage: change it in .env"
  fi
  if [ -n "$models" ]; then
    is_lasting "$models" || warn "$models (OLLAMA_MODELS) is on the container's own disk and is lost with it"
  elif [ -n "$asked_storage" ]; then
    is_lasting "$asked_storage" ||
      stop_unless_forced "$asked_storage is no mounted volume but part of the container's own disk, which is lost with it: attach a volume there"
    models=$asked_storage/ollama/models
  else
    for volume in "${volumes[@]}"; do
      if is_mount "$volume" && is_lasting "$volume"; then
        models=$volume/ollama/models
        break
      fi
    done
  fi
  if [ -z "$models" ]; then
    models=$default_models
    is_lasting "$models" || warn "there is no mounted volume: the models go to $models and are lost with the container"
  else
    remember OLLAMA_MODELS "$models"
  fi
  note "models in $models"
}

# mount_of PATH: mount point and file system that the path is on, following links.
mount_of() {
  local path
  path=$(readlink -m "$1")
  awk -v path="$path" '
    { point = $2; gsub(/\\040/, " ", point) }
    (point == "/" || path == point || index(path, point "/") == 1) && length(point) >= best { best = length(point); found = point " " $3 }
    END { print found }' "$mounts"
}

is_mount() { [ -d "$1" ] && [ "$(mount_of "$1" | cut -d ' ' -f 1)" = "$(readlink -m "$1")" ]; }

# Neither in memory nor in the layer of a container.
is_lasting() {
  case $(mount_of "$1") in
    *" overlay" | *" tmpfs" | *" ramfs" | *" aufs") return 1 ;;
  esac
}

has_files() { [ -d "$1" ] && [ -n "$(find "$1" -type f -print -quit)" ]; }

# Moves the models that an Ollama has pulled before, once. The old folder becomes a link. An interrupted move
# goes on with the next run; until the last file is there the old folder stays as it is.
move_models() {
  if [ -L "$default_models" ] || [ "$models" = "$default_models" ] || ! has_files "$default_models"; then
    note "nothing to move"
    return
  fi
  if is_ollama_running; then
    warn "$default_models is not moved while an Ollama runs: stop it and run this again"
    return
  fi
  would "move the models from $default_models to $models" && return
  local file size free link=()
  size=$(missing_mb) free=$(free_mb "$models")
  # On the same disk each file gets a second name, and nothing is copied.
  if [ "$(device_of "$models")" = "$(device_of "$default_models")" ]; then link=(--link); else
    [ "$free" -ge "$size" ] || die "The models in $default_models need $size MB, $models has room for $free"
  fi
  note "moving $size MB from $default_models to $models"
  while IFS= read -r -d '' file; do copy_file "$file"; done < <(list_models)
  if is_ollama_running; then
    warn "an Ollama was started meanwhile: $default_models stays until it is stopped and this is run again"
    return
  fi
  rm -rf "$default_models"
  ln -s "$models" "$default_models"
}

# The manifests come last, so that no model is listed before it is whole.
list_models() {
  cd "$default_models" || exit
  find . -type f -not -path './manifests/*' -print0
  if [ -d manifests ]; then find manifests -type f -print0; fi
}

# What an interrupted move has not brought over yet, rounded up.
missing_mb() {
  local file bytes=0
  while IFS= read -r -d '' file; do
    is_moved "$file" || bytes=$((bytes + $(stat -c %s "$default_models/$file")))
  done < <(list_models)
  echo $(((bytes + 999999) / 1000000))
}

is_moved() {
  [ -f "$models/$1" ] && [ "$(stat -c %s "$models/$1")" = "$(stat -c %s "$default_models/$1")" ]
}

copy_file() {
  local from=$default_models/$1 to=$models/$1
  is_moved "$1" && return
  mkdir -p "$(dirname "$to")"
  rm -f "$to.moving"
  if ! cp -p "${link[@]}" "$from" "$to.moving" || ! mv "$to.moving" "$to"; then
    die "Copying $from failed; nothing is lost, the next run goes on from here"
  fi
}
