# Sourced first by the tests of the container, which tests/container/with_image runs: a world of its
# own for the test, checks that print as a Check suite does, and how the container is run.
# shellcheck shell=bash

# In namespaces for mounts, the network and processes: when the script ends, however it does, the
# kernel ends all that was started in them and drops what was mounted. Host network means there the
# test's own, where port 5000 is free. A server that answers nobody must not hold the test for ever.
if [ -z "${OWN_WORLD:-}" ]; then
    exec env OWN_WORLD=1 timeout --foreground --signal=KILL 300 unshare --mount --net --pid --fork --kill-child --mount-proc \
        --propagation private "$0" "$@"
fi
# crun takes the version 2 hierarchy beside version 1 for a mistake.
if mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi
# Where podman, crun and ip netns keep their state.
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /dev/shm
trap '$PODMAN rm --force --all >/dev/null 2>&1' EXIT
trap 'exit 1' INT TERM PIPE
ip link set lo up

said=$WORK/said
. tests/checks.sh

at_most() { # LIMIT ACTUAL
    [ "$2" -le "$1" ] || { echo "at most: $1"; echo "got:     $2"; false; }
}

refused() { ! "$@"; }

client() { python3 tests/container/client.py "$@"; }

get() { curl -s --noproxy '*' --max-time 20 "http://127.0.0.1:5000$1"; }

# Locked down as in production: nothing is writable but what the engine itself mounts. Podman leaves
# health checks to systemd, which is not here: the tests ask the probe themselves.
run_options=(--cgroups=disabled --ulimit nofile=4096:4096 --ulimit nproc=4096:4096
    --no-healthcheck --no-hosts --read-only --read-only-tmpfs=false
    --cap-drop=ALL --security-opt=no-new-privileges)

podman_() { $PODMAN "$@"; }

start() { # NAME NETWORK OPTION...
    podman_ run -d --name "$1" --network "$2" "${run_options[@]}" "${@:3}" mod_factorial >/dev/null
}

comes_up() { # within ten seconds
    for _ in $(seq 100); do
        [ "$(get /status)" = UP ] && return 0
        sleep 0.1
    done
    false
}

root_pid() { podman_ inspect --format '{{.State.Pid}}' "$1"; }

# The server's child processes, each with its own threads.
children() { pgrep -P "$(root_pid "$1")" | sort; }
