# Written by `make format` from scripts/image-contents.ts.
# promfleet, with the Prometheus by which a gateway evaluates and the operator checks what is declared.
#   docker build --tag promfleet/promfleet .
ARG NODE=24
ARG PROMETHEUS=3.16.0

FROM node:${NODE}-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN node scripts/bundle.ts && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM quay.io/prometheus/prometheus:v${PROMETHEUS} AS prometheus

FROM gcr.io/distroless/nodejs${NODE}-debian12:nonroot
COPY --from=build /src/package.json /app/package.json
COPY --from=build /src/node_modules /app/node_modules
COPY --from=build /src/dist /app/dist
COPY --from=prometheus /bin/prometheus /bin/promtool /bin/
ENV PATH=/nodejs/bin:/usr/bin:/bin MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=32768 MALLOC_TOP_PAD_=0
USER 65534:65534
ENTRYPOINT ["/nodejs/bin/node", "/app/dist/promfleet.js"]
