# Sourced by the steps of the delivery: functions that read an image in an OCI layout or a registry.
# shellcheck shell=sh

# Prints sha256:... of the image in a layout, or of the index where there is one image for each architecture.
digest_of() { # LAYOUT
    jq -er '.manifests | if length == 1 then .[0].digest else error("not one image") end' "$1/index.json"
}

# Prints the commit that the image's tag in a layout, COMMIT-rc, names.
commit_of() { # LAYOUT
    jq -er '.manifests[0].annotations["org.opencontainers.image.ref.name"] | rtrimstr("-rc")' \
        "$1/index.json"
}

# Prints the exact manifest of the image with a tag or digest (:TAG, @DIGEST); nothing if there is no such image.
# Fails if the registry does not answer.
manifest_of() ( # REPOSITORY REFERENCE
    manifest=$(mktemp)
    trap 'rm -f "$manifest"' EXIT
    if said=$(skopeo inspect --raw "docker://$1$2" 2>&1 >"$manifest"); then
        cat "$manifest"
        exit 0
    fi
    case $said in
    *"manifest unknown"* | *"name unknown"*) ;; # the tag, the repository
    *) printf '%s\n' "$said" >&2 && exit 1 ;;
    esac
)

# Prints the digest under a tag, nothing if there is no such tag.
digest_under() ( # REPOSITORY TAG
    manifest=$(mktemp)
    trap 'rm -f "$manifest"' EXIT
    manifest_of "$1" ":$2" >"$manifest" || exit
    [ ! -s "$manifest" ] || echo "sha256:$(sha256sum <"$manifest" | cut -d ' ' -f 1)"
)

# Prints the digests of an image's architectures if it is an index, and then its own.
digests_of() { # REPOSITORY DIGEST
    manifest=$(manifest_of "$1" "@$2") || return
    printf '%s' "${manifest:?there is no $1@$2}" | jq -r '.manifests[]?.digest'
    echo "$2"
}

# Prints the commit that an image says it was built from.
revision_of() { # REPOSITORY DIGEST
    skopeo inspect --config "docker://$1@$2" | jq -er '.config.Labels["org.opencontainers.image.revision"]'
}
