# Sourced by tests that are shell scripts: checks that print as a Check suite does. Before its first
# check the script sets `said`, a file that takes what the checked commands say.
# shellcheck shell=bash

checks=0 failures=0 said=${said:?}

check() { # DESCRIPTION COMMAND...
    local description=$1
    shift
    checks=$((checks + 1))
    if ! "$@" >"$said" 2>&1; then
        failures=$((failures + 1))
        echo "${0##*/}: $description"
        tail -n 20 "$said"
    fi
}

is() { # EXPECTED ACTUAL
    [ "$1" = "$2" ] || { echo "expected: $1"; echo "got:      $2"; false; }
}

skip() { # DESCRIPTION REASON: tests/run counts the line
    echo "skipped: $1: $2"
}

free_port() { # below those that the kernel gives to clients
    local candidate
    while candidate=$((10000 + RANDOM % 22000)); do
        (exec 3<>"/dev/tcp/127.0.0.1/$candidate") 2>/dev/null || break
    done
    echo "$candidate"
}

finish() { # NAME
    echo "Running suite(s): $1"
    echo "$(((checks - failures) * 100 / checks))%: Checks: $checks, Failures: $failures, Errors: 0"
    [ "$failures" -eq 0 ]
}
