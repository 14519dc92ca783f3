# The service's image: httpd, mod_factorial and their libraries, on Google's distroless base image.
# `make container` sets the arguments; docs/container.md has the reasons.

ARG BUILD_IMAGE=debian:trixie-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/base-nossl-debian13:nonroot
ARG RUNTIME_DIGEST=sha256:86554c46a420d507ff2d678fd261ab8691fba4875a20302f38a49e684b42a33f

# ---- compile, test, collect
FROM ${BUILD_IMAGE} AS build
# Not pinned: each build takes the newest security updates of the Debian release.
# hadolint ignore=DL3008
RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends \
        apache2-bin apache2-dev binutils check gcc libc6-dev libgmp-dev make pkg-config python3-yaml && \
    rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Makefile ./
COPY mod_factorial mod_factorial
COPY tests/run tests/*.c tests/*.h tests/
COPY tests/unit tests/unit
# "build" leaves out the tests, which another build of the same sources need not run again.
ARG UNIT_TESTS=test-unit
# The timeouts are long, so that a busy machine does not fail the build.
RUN JOBS="$(nproc)" CK_TIMEOUT_MULTIPLIER=20 make -s -j "$(nproc)" build "${UNIT_TESTS}"
COPY LICENSE ./
COPY conf/container conf/container
COPY conf/factorial.conf conf/cors.conf conf/page.conf conf/
COPY docs/openapi.yaml docs/clients.md docs/mod_factorial.md docs/
COPY docs/page docs/page
ARG REVISION
# hadolint ignore=SC2046
RUN make -s container-programs page && \
    install -s -m 644 build/mod_factorial.so /usr/lib/apache2/modules/ && \
    install -s build/container/checked build/container/health-probe /usr/local/bin/ && \
    conf/container/collect /image /usr/sbin/apache2 \
        $(awk '$1 == "LoadModule" { print $3 }' conf/container/httpd.conf) \
        /usr/local/bin/checked /usr/local/bin/health-probe && \
    install -D -m 644 -t /image/etc/mod_factorial conf/container/httpd.conf conf/factorial.conf \
        conf/cors.conf conf/page.conf && \
    install -D -m 644 -t /image/usr/share/mod_factorial/docs build/served/*.* && \
    install -D -m 644 -t /image/usr/share/mod_factorial/docs/page build/served/page/* && \
    sed -i "s/^Define revision .*/Define revision ${REVISION:-unknown}/" /image/etc/mod_factorial/httpd.conf && \
    install -D -m 644 LICENSE /image/usr/share/doc/mod_factorial/copyright

# ---- the image
FROM ${RUNTIME_IMAGE}@${RUNTIME_DIGEST}
COPY --from=build /image /

# The defaults of httpd.conf are here, and checked.c requires every one. The sizes are those of the smallest
# task in infra/settings/budget.py: a quarter of a processor and 512 MiB.
ENV FACTORIAL_MAX_NUMBER=1000000 \
    FACTORIAL_MEMORY=292 \
    FACTORIAL_CONCURRENCY=1 \
    FACTORIAL_THREADS=1 \
    FACTORIAL_TIMEOUT=10 \
    FACTORIAL_QUEUE_TIMEOUT=2 \
    FACTORIAL_SEND_TIMEOUT=60 \
    KEEPALIVE_TIMEOUT=75 \
    GRACEFUL_SHUTDOWN_TIMEOUT=55 \
    THREADS_PER_CHILD=128 \
    MAX_REQUEST_WORKERS=256 \
    ASYNC_REQUEST_WORKER_FACTOR=16 \
    CORS_ORIGIN=none \
    LOG_LEVEL=info \
    TRUSTED_PROXIES="127.0.0.0/8 ::1"

USER 65532:65532
EXPOSE 5000
# A graceful stop: httpd finishes the running requests, then ends.
STOPSIGNAL SIGWINCH
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s --retries=3 CMD ["/usr/local/bin/health-probe"]
ENTRYPOINT ["/usr/local/bin/checked", "/usr/sbin/apache2", "-D", "FOREGROUND", "-f", "/etc/mod_factorial/httpd.conf"]

ARG VERSION
ARG REVISION
ARG CREATED
ARG RUNTIME_IMAGE
ARG RUNTIME_DIGEST
LABEL org.opencontainers.image.title="mod_factorial" \
      org.opencontainers.image.description="Answers GET /api/v1/factorial?number=N with N!, exactly" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.base.name="${RUNTIME_IMAGE}" \
      org.opencontainers.image.base.digest="${RUNTIME_DIGEST}"
