import { expect, it } from "vitest";
import { parseFleet } from "../spec/parse-fleet.ts";
import { checkTls, refuseTlsOnKubernetes } from "./check-tls.ts";

const text = `apiVersion: promfleet.dev/v1alpha1
kind: PrometheusFleet
metadata: {name: main}
spec:
  gateway:
    tls:
      keyFile: gateway.key
      certFile: tls/gateway.pem
`;

it("says at its key which file is wrong, relative to the folder of the declaration", async () => {
  const { spec, positionOf } = parseFleet(text, "fleet.yaml");
  await expect(checkTls(spec, "/nowhere", positionOf)).rejects.toMatchObject({
    complaints: [
      {
        code: "TLS_UNUSABLE",
        message: "spec.gateway.tls.certFile: there is no /nowhere/tls/gateway.pem",
        at: { file: "fleet.yaml", line: 8, column: 17 },
      },
    ],
  });
});

it("is not built for Kubernetes", () => {
  const { spec, positionOf } = parseFleet(text, "fleet.yaml");
  expect(() => refuseTlsOnKubernetes(spec, positionOf)).toThrow(
    /fleet\.yaml:6:5: spec\.gateway\.tls is not built yet for Kubernetes \[SPEC_NOT_BUILT\]/,
  );
  const plain = parseFleet(text.replace(/ {2}gateway:[^]*/, ""), "fleet.yaml");
  expect(() => refuseTlsOnKubernetes(plain.spec, plain.positionOf)).not.toThrow();
});
