# SPDX-License-Identifier: MIT
# bash completion for kymo

_kymo()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev= verb= i
	((COMP_CWORD > 0)) && prev=${COMP_WORDS[COMP_CWORD - 1]}
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		view | stat | events | goroutines | help)
			verb=${COMP_WORDS[i]}
			break
			;;
		esac
	done
	COMPREPLY=()
	case $prev in
	--http | --from | --to | --goroutine) return ;;
	esac
	if [[ $cur == -* ]]; then
		local options
		case $verb in
		view) options='--http --no-open --help' ;;
		stat | goroutines) options='--json --help' ;;
		events) options='--json --from --to --goroutine --help' ;;
		*) options='--http --no-open --help --version -d=parsed -d=wire -d=footprint -http=' ;;
		esac
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
		return
	fi
	if [[ $verb == help ]]; then
		mapfile -t COMPREPLY < <(compgen -W 'view stat events goroutines' -- "$cur")
		return
	fi
	if [[ -z $verb ]] && ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W 'view stat events goroutines help' -- "$cur")
	fi
	compopt -o filenames 2>/dev/null
	mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$cur")
}
complete -F _kymo kymo
