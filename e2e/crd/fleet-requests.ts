import type { ApiServer, Heard } from "../harness/api-server.ts";

/** Path of all in namespace "default". */
export const fleets = "/apis/promfleet.dev/v1alpha1/namespaces/default/prometheusfleets";

/** An object whose spec is YAML of one line. */
export const objectText = (name: string, spec: string): string =>
  `apiVersion: promfleet.dev/v1alpha1\nkind: PrometheusFleet\nmetadata: { name: ${name} }\nspec: ${spec}\n`;

/** As `kubectl apply --server-side` sends it: the text is read by the API server, and no key may be unknown. */
export async function applyFleet(
  server: ApiServer,
  name: string,
  text: string,
  manager = "e2e",
): Promise<Heard> {
  return await server.ask(
    "PATCH",
    `${fleets}/${name}?fieldManager=${manager}&fieldValidation=Strict&force=true`,
    { type: "application/apply-patch+yaml", text },
  );
}
