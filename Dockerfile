# promfleet with the Prometheus that its gateways evaluate with, and by which the operator checks declarations.
# docker build --build-arg PROMETHEUS=3.16.0 -t promfleet .
ARG NODE=24
ARG PROMETHEUS=3.16.0

FROM node:${NODE}-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN node scripts/bundle.ts && npm prune --omit=dev

FROM quay.io/prometheus/prometheus:v${PROMETHEUS} AS prometheus

FROM gcr.io/distroless/nodejs${NODE}-debian12:nonroot
COPY --from=build /src/package.json /app/package.json
COPY --from=build /src/node_modules /app/node_modules
COPY --from=build /src/dist /app/dist
COPY --from=prometheus /bin/prometheus /bin/promtool /bin/
# what is freed goes back to the system: see bin/promfleet
ENV PATH=/nodejs/bin:/usr/bin:/bin MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=32768 MALLOC_TOP_PAD_=0
USER 65534:65534
ENTRYPOINT ["/nodejs/bin/node", "/app/dist/promfleet.js"]
