# Sourced by the steps of the delivery: what an OCI layout with one image, or one index of images,
# says of itself.
# shellcheck shell=sh

# Prints sha256:... of the image, or of the index where there is one image for each architecture.
digest_of() { # LAYOUT
    jq -er '.manifests | if length == 1 then .[0].digest else error("not one image") end' "$1/index.json"
}

# Prints the digests of the images in an index, if it is one, and at last that of the whole.
digests_of() { # LAYOUT
    digest=$(digest_of "$1") || return
    jq -r '.manifests[]?.digest' "$1/blobs/sha256/${digest#sha256:}" && echo "$digest"
}

# Prints the commit that the image's tag, COMMIT-rc, names.
commit_of() { # LAYOUT
    jq -er '.manifests[0].annotations["org.opencontainers.image.ref.name"] | rtrimstr("-rc")' \
        "$1/index.json"
}

# Prints the digest under a tag, nothing if there is no such tag; fails if the registry does not say.
digest_under() ( # REPOSITORY TAG
    manifest=$(mktemp)
    trap 'rm -f "$manifest"' EXIT
    if said=$(skopeo inspect --raw "docker://$1:$2" 2>&1 >"$manifest"); then
        echo "sha256:$(sha256sum <"$manifest" | cut -d ' ' -f 1)"
        exit 0
    fi
    case $said in
    *"manifest unknown"* | *"name unknown"*) ;; # the tag, the repository
    *) printf '%s\n' "$said" >&2 && exit 1 ;;
    esac
)
