# Sourced by the steps that sign and verify: signed statements about an image, in the registry beside it, as
# OCI referrers. A statement of a type (cosign's word: slsaprovenance1, cyclonedx) is about one digest.
# shellcheck shell=sh
#
# With COSIGN_KEY and COSIGN_PUBLIC_KEY (files; the key's password in COSIGN_PASSWORD) by that key. Without, by
# the identity of the workflow deliver.yml on the main branch of the repository on GitHub which runs this;
# the public transparency log records it.

# Signs the content of a file as a statement.
state() { # REPOSITORY DIGEST TYPE FILE
    set -- --yes --new-bundle-format --type "$3" --predicate "$4" "$1@$2"
    [ -z "${COSIGN_KEY:-}" ] || set -- --tlog-upload=false --key "$COSIGN_KEY" "$@"
    cosign attest "$@"
}

# Prints the statements of a type that are signed as they must be, one a line; fails if there is none.
stated() ( # REPOSITORY DIGEST TYPE
    root=$(mktemp)
    trap 'rm -f "$root"' EXIT
    set -- --new-bundle-format --type "$3" "$1@$2"
    if [ -n "${COSIGN_PUBLIC_KEY:-}" ]; then
        # Nobody else is to be trusted; without a file cosign would fetch whom Sigstore trusts.
        echo '{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}' >"$root"
        set -- --insecure-ignore-tlog=true --trusted-root "$root" --key "$COSIGN_PUBLIC_KEY" "$@"
    else
        set -- --certificate-oidc-issuer https://token.actions.githubusercontent.com --certificate-identity \
            "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/.github/workflows/deliver.yml@refs/heads/main" "$@"
    fi
    statements=$(cosign verify-attestation "$@") || exit
    printf '%s\n' "$statements" | jq -c '.payload | @base64d | fromjson | .predicate'
)
