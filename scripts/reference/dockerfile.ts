import { buildCommands, buildInputs, imageContents } from "../image-contents.ts";

/** Of Node. */
const major = 24;

/** The Dockerfile of promfleet's image. @param prometheus the whole version that is in it */
export function dockerfile(prometheus: string): string {
  const { folder, files, programs, entry, user, environment } = imageContents;
  const [install, ...build] = buildCommands;
  const copies = files.map((file) => `COPY --from=build /src/${file} ${folder}/${file}`);
  const ours = programs.map((program) => `/bin/${program}`);
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  return `# Written by \`make format\` from scripts/image-contents.ts.
# promfleet, with the Prometheus by which a gateway evaluates and the operator checks what is declared.
#   docker build --tag promfleet/promfleet .
ARG NODE=${major}
ARG PROMETHEUS=${prometheus}

FROM node:\${NODE}-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN ${install}
COPY . .
RUN ${build.join(" && ")}

FROM quay.io/prometheus/prometheus:v\${PROMETHEUS} AS prometheus

FROM gcr.io/distroless/nodejs\${NODE}-debian12:nonroot
${copies.join("\n")}
COPY --from=prometheus ${ours.join(" ")} /bin/
ENV PATH=/nodejs/bin:/usr/bin:/bin ${variables.join(" ")}
USER ${user}:${user}
ENTRYPOINT ["/nodejs/bin/node", "${entry}"]
`;
}

/** What docker gets to see of the checkout. */
export function dockerignore(): string {
  const shown = buildInputs.map((file) => `!${file}`);
  return [
    "# Written by `make format` from scripts/image-contents.ts.",
    "*",
    ...shown,
    "src/**/testdata",
    "src/**/*.test.ts",
    "",
  ].join("\n");
}
