# bash completion for caisson: source <(caisson completion bash), or a file of this in
# /usr/share/bash-completion/completions.
_caisson() {
  local words line=${COMP_LINE:0:COMP_POINT} typed
  read -ra words <<<"$line"
  case $line in *[[:space:]]) words+=('') ;; esac
  typed=${words[-1]}
  # Readline takes : and = for ends of words and replaces only what follows the last.
  mapfile -t COMPREPLY < <(caisson __complete -- "${words[@]:1}" 2>/dev/null)
  COMPREPLY=("${COMPREPLY[@]#"${typed%"${typed##*[:=]}"}"}")
  case ${COMPREPLY[*]} in *:) compopt -o nospace ;; esac
}
complete -o default -F _caisson caisson
