#compdef caisson
# zsh completion for caisson: source <(caisson completion zsh), or a file _caisson of this in a folder of $fpath.
_caisson() {
  local -a candidates
  candidates=(${(f)"$(caisson __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( ${#candidates} )); then
    compadd -a candidates
  else
    _files
  fi
}
compdef _caisson caisson
