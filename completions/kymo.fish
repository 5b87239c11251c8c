# SPDX-License-Identifier: MIT
# fish completion for kymo: verbs and options are those that the program's own help lists

function __kymo_verbs
	kymo help 2>/dev/null | string replace -rf '^  ([a-z]{2,})  +(.*)' '$1\t$2'
	printf 'help\tsay how a verb is used\n'
end

function __kymo_verb
	for word in (commandline -opc)[2..-1]
		if contains -- $word (__kymo_verbs | string split -f 1 \t)
			echo $word
			return 0
		end
	end
	return 1
end

function __kymo_options
	set -l verb (__kymo_verb); or return
	kymo help $verb 2>/dev/null | string replace -rf '^  (--?[a-z][a-z-]*)( [^ ]+)? *(.*)' '$1\t$3'
end

complete -c kymo -n 'not __kymo_verb >/dev/null' -a '(__kymo_verbs)'
complete -c kymo -n 'test (__kymo_verb; or echo -) = help' -f -a '(__kymo_verbs)'
complete -c kymo -n 'test (__kymo_verb; or echo -) = pprof' -a 'net sync syscall sched cpu block create stw'
complete -c kymo -n '__kymo_verb >/dev/null; and string match -q -- "-*" (commandline -ct)' -a '(__kymo_options)'
complete -c kymo -n 'not __kymo_verb >/dev/null' -l version -d 'Print the version'
complete -c kymo -n 'not __kymo_verb >/dev/null' -l http -x -d 'Where to listen'
complete -c kymo -n 'not __kymo_verb >/dev/null' -l no-open -d 'Do not open a browser'
complete -c kymo -n 'not __kymo_verb >/dev/null' -o d -x -a 'parsed wire footprint' -d 'Print as go tool trace does'
complete -c kymo -n 'not __kymo_verb >/dev/null' -o pprof -x -a 'net sync syscall sched' -d 'Write a profile as go tool trace does'
complete -c kymo -l help -d 'Say how it is used'
