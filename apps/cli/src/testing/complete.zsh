# Types a line and a tab into an interactive zsh, and prints the line that it has become: `<<…`.
zmodload zsh/zpty
zpty -b shell zsh -f -i
out=
# Reads until a text has come; who started this ends it where that never happens.
until_seen() {
  local piece
  while [[ $out != *"$1"* ]]; do
    if zpty -r -t shell piece; then out+=$piece; else sleep 0.05; fi
  done
}
zpty -w shell 'PS1=; autoload -U compinit; compinit -u -D; eval "$(mintmark completion zsh)"; print LOA""DED'
until_seen LOADED
# After the completion: to the beginning of the line (^A), and a command around it.
zpty -n -w shell "$1"$'\t'$'\x01print -r -- "<<\x05>>" #\n'
until_seen $'\n<<'"${1%% *}"
sleep 0.2
while zpty -r -t shell piece; do out+=$piece; done
print -r -- "$out"
