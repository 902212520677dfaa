#!/usr/bin/env bash
# Stands in for brunt: notes its arguments, does what a report leaves behind, ends as FAKE_COMMAND says.
printf '%s\n' "$(IFS=$'\t'; echo "$*")" >> "$FAKE_LOG"
command=$1
case $command in
    test)
        names=$2
        [ "$names" != all ] || names='baseline stress'
        while [ $# -gt 0 ]; do [ "$1" != --reports ] || reports=$2; shift; done
        status=${FAKE_test:-0}
        for name in $names; do
            [ "$status" -le 4 ] || break # others leave nothing
            echo '{}' > "$reports/$name-summary.json"
            printf '<!-- brunt: %s -->\n## report of %s\n' "$name" "$name" > "$reports/$name.md"
            [ -z "${FAKE_LONG:-}" ] || printf '| é%0120d |\n' $(seq 1 2000) >> "$reports/$name.md"
        done
        exit "$status"
        ;;
    compare)
        echo "compared $3"
        variable=FAKE_compare_$3
        exit "${!variable:-${FAKE_compare:-0}}"
        ;;
    *) variable=FAKE_$command; exit "${!variable:-0}" ;;
esac
