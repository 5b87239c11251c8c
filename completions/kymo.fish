# SPDX-License-Identifier: MIT
# fish completion for kymo

set -l verbs view stat events goroutines help
complete -c kymo -n "not __fish_seen_subcommand_from $verbs" -a view -d 'Show a trace as a timeline'
complete -c kymo -n "not __fish_seen_subcommand_from $verbs" -a stat -d 'Tell what a trace holds'
complete -c kymo -n "not __fish_seen_subcommand_from $verbs" -a events -d 'Print the events in order'
complete -c kymo -n "not __fish_seen_subcommand_from $verbs" -a goroutines -d 'Sum up goroutines by start function'
complete -c kymo -n "not __fish_seen_subcommand_from $verbs" -a help -d 'Say how a command is used'
complete -c kymo -n "__fish_seen_subcommand_from help" -f -a 'view stat events goroutines'
complete -c kymo -l help -d 'Say how it is used'
complete -c kymo -n "not __fish_seen_subcommand_from $verbs" -l version -d 'Print the version'
complete -c kymo -n "not __fish_seen_subcommand_from stat events goroutines help" -l http -x -d 'Where to listen'
complete -c kymo -n "not __fish_seen_subcommand_from stat events goroutines help" -l no-open -d 'Do not open a browser'
complete -c kymo -n "__fish_seen_subcommand_from stat events goroutines" -l json -d 'Print JSON'
complete -c kymo -n "__fish_seen_subcommand_from events" -l from -x -d 'Only from this time on'
complete -c kymo -n "__fish_seen_subcommand_from events" -l to -x -d 'Only before this time'
complete -c kymo -n "__fish_seen_subcommand_from events" -l goroutine -x -d 'Only of this goroutine'
complete -c kymo -n "not __fish_seen_subcommand_from $verbs" -o d -x -a 'parsed wire footprint' -d 'Print as go tool trace does'
