# shellcheck shell=bash disable=SC2034,SC2154 # one part of install.sh: they share their variables
# Downloads with a checksum. Interrupted ones go on where they were.

download_folder=$local_folder/download

# fetch URL FILE
fetch() {
  curl --fail --location --silent --show-error --retry 3 --retry-delay 2 --connect-timeout 20 \
    --speed-limit 1000 --speed-time 60 --continue-at - --output "$2" "$1"
}

# fetch_checked BASE-URL NAME LIST: NAME, checked against the line that the list beside it has for it.
# Prints where it is.
fetch_checked() {
  local base=$1 name=$2 list=$3 wanted
  mkdir -p "$download_folder"
  rm -f "$download_folder/$list"
  fetch "$base/$list" "$download_folder/$list" || return
  wanted=$(sum_of "$name" "$download_folder/$list")
  [ -n "$wanted" ] || { warn "$base/$list has no checksum of $name" && return 1; }
  local file=$download_folder/$name
  fetch_until "$base/$name" "$file" "$wanted" || { warn "$base/$name could not be fetched with the checksum $wanted" && return 1; }
  printf '%s\n' "$file"
}

# fetch_until URL FILE CHECKSUM
fetch_until() {
  local code=0
  has_sum "$2" "$3" && return
  fetch "$1" "$2" || code=$?
  has_sum "$2" "$3" && return
  # 22 and 33: the server does not go on where we were. Otherwise the network failed, and the next run goes on.
  case $code in
    0 | 22 | 33) rm -f "$2" ;;
    *) return "$code" ;;
  esac
  # What was there belonged to another version, or was broken.
  fetch "$1" "$2" && has_sum "$2" "$3"
}

# sum_of NAME LIST: lists write the name as "file", "*file" or "./file".
sum_of() { awk -v name="$1" '{ file = $2; sub(/^[*]?([.]\/)?/, "", file); if (file == name) print $1 }' "$2"; }

has_sum() { [ -f "$1" ] && [ "$(sha256sum "$1" | cut -d ' ' -f 1)" = "$2" ]; }
