# What blue-green and canary share. Sourced; `set -euo pipefail` is the caller's.
#
#   EMPIRE_IMAGE_NEW   the image to deploy (default: empire)
#   BRUNT              the program (default: brunt); BRUNT_CONFIG its configuration (default: loadtest/brunt.yaml)
#   PUBLIC_URL, CANDIDATE_URL   nginx's two ports (default: http://127.0.0.1:8080 and :8081)
#   DRAIN              seconds that the old instances have for what they were sent before (default: 15)
#   UPSTREAMS          the folder that nginx reads (default: deploy/compose/upstreams)
# shellcheck shell=bash

deploy=$(dirname "$(dirname "$(realpath "${BASH_SOURCE[0]}")")")
brunt=${BRUNT:-brunt}
brunt_config=${BRUNT_CONFIG:-$deploy/../loadtest/brunt.yaml}
public_url=${PUBLIC_URL:-http://127.0.0.1:8080}
candidate_url=${CANDIDATE_URL:-http://127.0.0.1:8081}
upstreams=${UPSTREAMS:-$deploy/compose/upstreams}
me=$(basename "$0")

say() { printf '%s: %s\n' "$me" "$*"; }
die() { printf '%s: error: %s\n' "$me" "$*" >&2; exit 1; }

compose() { docker compose -f "$deploy/docker-compose.yml" --profile green "$@"; }

# Sets `old`, which serves now, and `new`. A deployment that was interrupted is refused: somebody has to look.
find_colours() {
    local line
    line=$(head -n 1 "$upstreams/current.conf") || die "$upstreams/current.conf cannot be read"
    case $line in
        '# blue 100') old=blue new=green ;;
        '# green 100') old=green new=blue ;;
        *) die "'$line' in $upstreams/current.conf: not all traffic goes to one colour; set '$me --to blue' or green first" ;;
    esac
}

servers() { # COLOUR WEIGHT: of the colour, halved between its two instances
    [ "$2" -gt 0 ] || return 0
    printf '    server api-%s-1:3000 weight=%d;\n    server api-%s-2:3000 weight=%d;\n' "$1" $(($2 / 2)) "$1" $(($2 / 2))
}

# NEW gets PERCENT of the traffic, OLD the rest; nginx takes it over without losing a request, or keeps what it had.
route() { # OLD NEW PERCENT CANDIDATE
    local file=$upstreams/current.conf
    cp "$file" "$file.before"
    {
        if [ "$3" = 100 ]; then printf '# %s 100\n' "$2"; else printf '# %s %d, %s %d\n' "$1" $((100 - $3)) "$2" "$3"; fi
        printf 'upstream empire {\n'
        servers "$1" $((100 - $3))
        servers "$2" "$3"
        printf '    keepalive 64;\n}\nupstream candidate {\n    server api-%s-1:3000;\n    server api-%s-2:3000;\n}\n' "$4" "$4"
    } >"$file.new"
    # Written over and not renamed: the container sees the folder, and nginx reads it only when told.
    cat "$file.new" >"$file"
    rm "$file.new"
    if ! { compose exec -T nginx nginx -t && compose exec -T nginx nginx -s reload; }; then
        cat "$file.before" >"$file"
        rm "$file.before"
        return 1
    fi
    rm "$file.before"
}

# From here on Ctrl-C, or a job that is cancelled, brings the old version back like any other failure.
start_new() {
    trap 'roll_back interrupted' INT TERM HUP
    say "starting $new with ${EMPIRE_IMAGE_NEW:-empire}"
    EMPIRE_IMAGE=${EMPIRE_IMAGE_NEW:-empire} compose run --rm -T migrate || return 1
    if [ "$new" = green ]; then export EMPIRE_IMAGE_GREEN=${EMPIRE_IMAGE_NEW:-empire}; else export EMPIRE_IMAGE=${EMPIRE_IMAGE_NEW:-empire}; fi
    compose up -d --no-deps --wait --wait-timeout 60 "api-$new-1" "api-$new-2"
}

smoke() { "$brunt" smoke local --config "$brunt_config" --base-url "$1"; }

# All traffic back to the old colour, the new one stopped.
roll_back() {
    trap '' INT TERM HUP # nothing interrupts the way back, nor the programs on it
    say "rolling back to $old: $*" >&2
    route "$new" "$old" 100 "$old" || die "nginx does not take the old configuration: look at $upstreams/current.conf"
    compose stop "api-$new-1" "api-$new-2"
    exit 1
}

finish() {
    trap - INT TERM HUP # the new version has all traffic: an interruption leaves the old one running, no more
    say "all traffic goes to $new; $old has ${DRAIN:-15} s for the rest"
    sleep "${DRAIN:-15}"
    compose stop "api-$old-1" "api-$old-2"
    say "done"
}

# `--to COLOUR`: repairs what an interrupted deployment left.
if [ "${1:-}" = --to ]; then
    case ${2:-} in
        blue) route green blue 100 blue ;;
        green) route blue green 100 green ;;
        *) die "--to takes blue or green" ;;
    esac
    say "all traffic goes to $2"
    exit 0
fi
[ $# -eq 0 ] || { sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2; exit 2; }
