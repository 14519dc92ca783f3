# Completion of factorial's command line for bash: the options are those that --help prints.
# shellcheck shell=bash disable=SC2016,SC2034,SC2207 # bash-completion sets and reads these

_factorial() {
    local cur prev words cword
    _init_completion -n = || return
    case $cur in
    --output=*) cur=${cur#*=} && _filedir ;;
    -*) COMPREPLY=($(compgen -W '$(_parse_help "$1")' -- "$cur")) ;;
    *) [ "$prev" != -o ] || _filedir ;;
    esac
    [[ ${COMPREPLY-} != *= ]] || compopt -o nospace
} && complete -F _factorial factorial
