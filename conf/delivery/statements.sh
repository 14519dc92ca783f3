# Sourced by the steps that sign and verify: attestations of an image, in the registry as OCI referrers. An
# attestation has a type (of cosign: slsaprovenance1, cyclonedx) and is about one digest.
# shellcheck shell=sh
#
# They are signed by the key in the files COSIGN_KEY and COSIGN_PUBLIC_KEY (with the password in COSIGN_PASSWORD).
# Without a key they are signed by the identity of the workflow deliver.yml on the main branch of the repository on
# GitHub that runs this; the public transparency log records it.

# Signs the content of a file as an attestation.
state() { # REPOSITORY DIGEST TYPE FILE
    set -- --yes --new-bundle-format --type "$3" --predicate "$4" "$1@$2"
    [ -z "${COSIGN_KEY:-}" ] || set -- --tlog-upload=false --key "$COSIGN_KEY" "$@"
    cosign attest "$@"
}

# Prints the attestations of a type with a valid signature, one a line; fails if there is none.
stated() ( # REPOSITORY DIGEST TYPE
    root=$(mktemp)
    trap 'rm -f "$root"' EXIT
    set -- --new-bundle-format --type "$3" "$1@$2"
    if [ -n "${COSIGN_PUBLIC_KEY:-}" ]; then
        # Only this key is trusted; without a file cosign would download Sigstore's trusted keys.
        echo '{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}' >"$root"
        set -- --insecure-ignore-tlog=true --trusted-root "$root" --key "$COSIGN_PUBLIC_KEY" "$@"
    else
        set -- --certificate-oidc-issuer https://token.actions.githubusercontent.com --certificate-identity \
            "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/.github/workflows/deliver.yml@refs/heads/main" "$@"
    fi
    statements=$(cosign verify-attestation "$@") || exit
    printf '%s\n' "$statements" | jq -c '.payload | @base64d | fromjson | .predicate'
)
