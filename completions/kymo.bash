# SPDX-License-Identifier: MIT
# bash completion for kymo: verbs and options are those that the program's own help lists

_kymo()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev= verb= i verbs
	((COMP_CWORD > 0)) && prev=${COMP_WORDS[COMP_CWORD - 1]}
	verbs=$("${COMP_WORDS[0]}" help 2>/dev/null | sed -n 's/^  \([a-z]\{2,\}\)  .*/\1/p')
	for ((i = 1; i < COMP_CWORD; i++)); do
		if [[ " help ${verbs//$'\n'/ } " == *" ${COMP_WORDS[i]} "* ]]; then
			verb=${COMP_WORDS[i]}
			break
		fi
	done
	COMPREPLY=()
	if [[ $cur == -* ]]; then
		local options='-d=parsed -d=wire -d=footprint -http= -pprof= --http --no-open --help --version'
		if [[ -n $verb ]]; then
			options="--help $("${COMP_WORDS[0]}" help "$verb" 2>/dev/null | sed -n 's/^  \(--\{0,1\}[a-z][a-z-]*\).*/\1/p')"
		fi
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
		return
	fi
	case $prev in
	--compat) mapfile -t COMPREPLY < <(compgen -W 'go1.26' -- "$cur"); return ;;
	--stack) mapfile -t COMPREPLY < <(compgen -W 'waiter waker' -- "$cur"); return ;;
	# These want a value that nobody can guess.
	--http | --from | --to | --goroutine | --func | --group | --task | --region | --region-at | --latmin | --latmax | \
		--sort | --top | --offset | --table | --type | --id | --window | --flags) return ;;
	esac
	if [[ $verb == help ]] || { [[ -z $verb ]] && ((COMP_CWORD == 1)); }; then
		mapfile -t COMPREPLY < <(compgen -W "$verbs help" -- "$cur")
		[[ $verb == help ]] && return
	elif [[ $verb == pprof && $prev == pprof ]]; then
		mapfile -t COMPREPLY < <(compgen -W 'net sync syscall sched cpu block create stw' -- "$cur")
		return
	fi
	compopt -o filenames 2>/dev/null
	mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$cur")
}
complete -F _kymo kymo
