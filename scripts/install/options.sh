# shellcheck shell=bash disable=SC2034,SC2154 # one part of install.sh: they share their variables
# The command line.

usage() {
  cat <<'END'
./install.sh [options]

  --dry-run        say what would be done, change nothing
  --yes            ask nothing (as without a terminal): settings of .env and the environment, else defaults
  --model NAME     the model (MODEL_NAME; qwen3-coder)
  --cpu            a machine without a GPU: a small model (qwen2.5-coder:1.5b) unless one is named
  --context N      the window in tokens (CONTEXT_LENGTH; 65536)
  --storage DIR    a mounted volume for the models (OLLAMA_MODELS = DIR/ollama/models);
                   without it: /workspace, /datastore or /data where one of them is a volume
  --redis WHAT     none, local (installed with apt), or redis://… / rediss://… of another host
  --no-model       do not pull the model and do not try it out
  --start          leave it running when all is done
  --force          go on where VRAM, memory, disk or the volume are not enough
  --help           this text

What is set in .env stays as it is; what is missing there is added.
END
}

read_options() {
  dry_run=no may_ask=yes force=no cpu=no keep_running=no with_model=yes
  asked_model="" asked_context="" asked_storage="" asked_redis=""
  while [ $# -gt 0 ]; do
    case $1 in
      --model | --context | --storage | --redis)
        case ${2:-} in "" | -*) die "$1 needs a value"$'\n\n'"$(usage)" ;; esac
        ;;
    esac
    case $1 in
      --dry-run) dry_run=yes ;;
      --yes) may_ask=no ;;
      --force) force=yes ;;
      --cpu) cpu=yes ;;
      --start) keep_running=yes ;;
      --no-model) with_model=no ;;
      --model) asked_model=$2 && shift ;;
      --context) asked_context=$2 && shift ;;
      --storage)
        case $2 in /?*) ;; *) die "--storage takes the path of a volume, such as /workspace, not $2" ;; esac
        asked_storage=${2%/} && shift
        ;;
      --redis) asked_redis=$2 && shift ;;
      --help | -h) usage && exit 0 ;;
      *) die "Unknown option $1"$'\n\n'"$(usage)" ;;
    esac
    shift
  done
}
