# Bash completion for musterctl: made by 'musterctl --print-completion'.
# shellcheck shell=bash

_musterctl()
{
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local verb='' options='' operands='' files='' i

	case $before in
	--config | -c)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	--socket | -s)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	--delay)
		return
		;;
	--people)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	--port)
		return
		;;
	--portal-port)
		return
		;;
	--state)
		mapfile -t COMPREPLY < <(compgen -W 'received verified pending active rejected cancelled failed' -- "$word")
		return
		;;
	--limit)
		return
		;;
	--key)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	--public)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	--head)
		return
		;;
	esac

	# The verb is the first one or two words that are no options, nor their values.
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-c | -s | --config | --socket) ((i++)) ;;
		-*) ;;
		*)
			verb=${verb:+$verb }${COMP_WORDS[i]}
			case $verb in
			schema) ;;
			journal) ;;
			audit) ;;
			*) break ;;
			esac
			;;
		esac
	done

	options='--config --socket --json --help'
	case $verb in
	'')
		options+=' --version'
		operands='sandbox status list show explain watch submit activate hold release cancel retry unlock schema journal audit config'
		;;
	schema)
		operands='check print'
		;;
	journal)
		operands='check backup rekey'
		;;
	audit)
		operands='verify'
		;;
	'sandbox')
		options+=' --delay --people --port --portal-port'
		files=yes
		;;
	'list')
		options+=' --state --limit --overdue --set-aside'
		;;
	'submit')
		files=yes
		;;
	'schema print')
		operands='openldap 389ds'
		;;
	'journal backup')
		files=yes
		;;
	'journal rekey')
		options+=' --keep-old'
		;;
	'audit verify')
		options+=' --key --public --head'
		files=yes
		;;
	esac

	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
	elif [[ -n $files ]]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
	else
		mapfile -t COMPREPLY < <(compgen -W "$operands" -- "$word")
	fi
}
complete -o filenames -F _musterctl musterctl
