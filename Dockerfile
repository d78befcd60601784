# Sluice and what it needs to run; docs/install.md says how to start it. BASE is an image with Node 20 or later and npm.
# The target `runner` also has ffmpeg, for jobs; it needs a Debian as BASE.
ARG BASE=node:22-bookworm-slim

FROM ${BASE} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
COPY scripts/lib.mjs scripts/
# A layer of its own, which is made anew only when a dependency changes.
RUN node --input-type=module -e "import { ensureDependencies } from './scripts/lib.mjs'; await ensureDependencies()"
COPY . .
RUN npm run --silent build && node scripts/tarball.mjs --folder /out/sluice && mkdir /out/data

FROM ${BASE} AS server
LABEL org.opencontainers.image.title="sluice" \
      org.opencontainers.image.description="An event-driven RTMP server" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /out/sluice /opt/sluice
# The journal, and what is recorded. The server makes a folder of its own in it, that nobody else may write.
COPY --from=build --chown=10001:10001 /out/data /data
ENV PATH=/opt/sluice/bin:$PATH \
    SLUICE_RTMP=0.0.0.0:1935 \
    SLUICE_HTTP=0.0.0.0:8080 \
    SLUICE_DATA=/data/sluice
VOLUME /data
EXPOSE 1935 8080
USER 10001:10001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.SLUICE_HTTP.split(':').at(-1) + '/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["sluice"]
CMD ["serve"]

FROM server AS runner
USER 0:0
RUN apt-get update && apt-get install -y --no-install-recommends ffmpeg && rm -rf /var/lib/apt/lists/*
# What jobs write.
COPY --from=build --chown=10001:10001 /out/data /srv/rec
VOLUME /srv/rec
USER 10001:10001
HEALTHCHECK NONE
CMD ["jobs", "run"]

# What a build without a target gives.
FROM server
