# Sourced first by the tests of the delivery, which `make delivery-test` runs with the image's store:
# checks that print as a Check suite does, the image's layout, and a registry.
# shellcheck shell=bash

said=$WORK/delivery-said
. tests/checks.sh

# The command fails and says why.
refused() { # WHY COMMAND...
    local answer
    if answer=$("${@:2}" 2>&1); then
        echo "not refused: $answer"
        return 1
    fi
    grep -qF -- "$1" <<<"$answer" || { echo "expected: $1"; echo "got:      $answer"; false; }
}

# A step, as people call it.
step() { make --no-print-directory IMAGE_FOLDER="$image" "$@"; }

# What the image is known by, built once for all tests; with the uncommitted files, if there are any.
image=$WORK/image
# The first test's commit, should somebody commit meanwhile.
[ -e "$WORK/commit" ] || git rev-parse HEAD >"$WORK/commit"
COMMIT=$(cat "$WORK/commit")
export COMMIT
build_image() {
    [ -e "$image/packages" ] || CONTAINER_TOOL=$BUILDAH step image-build
}

# Gives an image the statements that are signed with it: a bill of materials, of its own if it has none, and its
# provenance.
with_statements() { # FOLDER
    mkdir -p "$1/sboms"
    [ -e "$1/packages" ] || cp "$image/packages" "$1"
    jq -n '{bomFormat: "CycloneDX", specVersion: "1.6", components: [{type: "library", name: "libgmp10", version: "2:6.3.0",
        purl: "pkg:deb/debian/libgmp10@2%3A6.3.0?arch=amd64&distro=debian-13&upstream=gmp"}]}' \
        >"$1/sboms/$(sed 's/sha256://' "$1/digest").json"
    conf/delivery/image-provenance "$1" 0
}

# A database of vulnerabilities in a folder, for the scanner.
database() { # FOLDER BUILT [SOURCE-PACKAGE FIXED SEVERITY]...
    python3 tests/delivery/vulnerabilities.py "$WORK/database.tar.gz" "$(date -u -d "$2" +%Y-%m-%dT%H:%M:%SZ)" "${@:3}"
    GRYPE_DB_CACHE_DIR=$WORK/$1 GRYPE_DB_VALIDATE_AGE=false build/delivery/bin/grype --quiet db import "$WORK/database.tar.gz"
}

# Debian's registry, on a free port until the test ends.
start_registry() { # [MORE OF ITS CONFIGURATION]: sets registry
    local port
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    registry=127.0.0.1:$port
    mkdir -p "$WORK/home/.config/containers"
    # Without TLS; skopeo is told so here, cosign knows it of this machine's own address.
    printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$registry" \
        >"$WORK/home/.config/containers/registries.conf"
    export HOME="$WORK/home"
    cat >"$WORK/registry.yml" <<END
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: $WORK/registry}, delete: {enabled: true}}
http: {addr: "$registry"}
${1:-}
END
    build/delivery/registry/usr/bin/docker-registry serve "$WORK/registry.yml" >"$WORK/registry.log" 2>&1 &
    registry_process=$!
    trap 'stop_registry' EXIT
    trap 'exit 1' INT TERM PIPE
    for _ in $(seq 600); do
        curl -s --noproxy '*' "http://$registry/v2/" >/dev/null && return
        sleep 0.1
    done
    echo "the registry does not answer" >&2
    return 1
}

stop_registry() {
    kill "$registry_process" 2>/dev/null
    wait "$registry_process"
}

# What the registry says of itself.
tags() { # NAME: all but the signatures
    curl -s --noproxy '*' "http://$registry/v2/$1/tags/list" |
        jq -r '(.tags // [])[] | select(startswith("sha256-") | not)' | sort | xargs
}
digest() { # NAME TAG
    curl -sI --noproxy '*' -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
        -H 'Accept: application/vnd.oci.image.index.v1+json' "http://$registry/v2/$1/manifests/$2" |
        tr -d '\r' | sed -n 's/^Docker-Content-Digest: //p'
}

# Another image: the one of a layout with a word of its configuration changed.
variant() { # FROM TO COMMIT JQ-FILTER
    local blobs=$2/layout/blobs/sha256 config manifest
    rm -rf "$2"
    mkdir -p "$2"
    cp -r "$1/layout" "$2"
    manifest=$blobs/$(sed 's/sha256://' "$1/digest")
    put() { # stores a blob, prints its digest
        cat >"$2/blob"
        set -- "$(sha256sum <"$2/blob" | cut -d ' ' -f 1)" "$2"
        mv "$2/blob" "$2/layout/blobs/sha256/$1"
        echo "sha256:$1"
    }
    config=$(jq "$4" "$blobs/$(jq -r '.config.digest | ltrimstr("sha256:")' "$manifest")" | put "$@")
    manifest=$(jq --arg digest "$config" --argjson size "$(wc -c <"$blobs/${config#sha256:}")" \
        '.config.digest = $digest | .config.size = $size' "$manifest" | put "$@")
    jq --arg digest "$manifest" --argjson size "$(wc -c <"$blobs/${manifest#sha256:}")" --arg tag "$3-rc" \
        '.manifests[0] |= (.digest = $digest | .size = $size |
            .annotations["org.opencontainers.image.ref.name"] = $tag)' "$1/layout/index.json" \
        >"$2/layout/index.json"
    echo "$manifest" >"$2/digest"
}
