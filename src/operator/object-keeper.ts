import { setTimeout as pause } from "node:timers/promises";
import { PromfleetError } from "../errors/promfleet-error.ts";
import { type LiveObject, listAt, mapAt, type ResourceKind, textAt } from "../kubernetes/api-object.ts";
import { isRefusal } from "../kubernetes/api-refusal.ts";
import { appliedAnnotation, contentOf, differenceIn } from "../kubernetes/object-difference.ts";
import { kindNamed, kinds } from "../kubernetes/resource-kinds.ts";
import { type OwnedObject, templateAnnotation } from "./fleet-objects.ts";
import type { FleetScope } from "./fleet-scope.ts";
import { comparable } from "./world.ts";

/** Keeps objects of a fleet as they are to be. */
export class ObjectKeeper {
  readonly #scope: FleetScope;
  readonly #whole = new WeakMap<OwnedObject, { whole: OwnedObject; compared: OwnedObject }>();

  constructor(scope: FleetScope) {
    this.#scope = scope;
  }

  /** Each of them, as far as it is not. @throws ApiRefusal */
  async keepAll(objects: readonly OwnedObject[], signal: AbortSignal): Promise<void> {
    for (const object of objects)
      if (object.kind === "StatefulSet") await this.keepStatefulSet(object, signal);
      else await this.keep(object, signal);
  }

  /** Applies an object where it is not as it is to be. @returns whether it had to be */
  async keep(object: OwnedObject, signal: AbortSignal): Promise<boolean> {
    const { api, world } = this.#scope;
    const resource = kindNamed(object.apiVersion, object.kind);
    if (!resource) throw new Error(`${object.kind} is no kind that the operator knows`);
    const { whole, compared } = this.#wholeOf(object);
    const { name } = object.metadata;
    const live = world.object(resource, this.#scope.namespace, name);
    if (live && differenceIn(compared, live) === undefined) return false;
    if (!live) await this.#refuseForeign(resource, name, signal);
    world.learn(resource, await api.apply(this.#scope.ref(resource, name), whole, { signal }));
    return true;
  }

  /** With what tells what was applied; worked out once for each object. */
  #wholeOf(object: OwnedObject): { whole: OwnedObject; compared: OwnedObject } {
    const known = this.#whole.get(object);
    if (known) return known;
    const annotations = { ...object.metadata.annotations, [appliedAnnotation]: contentOf(object) };
    const whole = { ...object, metadata: { ...object.metadata, annotations } };
    const made = { whole, compared: comparable(whole) };
    this.#whole.set(object, made);
    return made;
  }

  /** @throws PromfleetError where somebody else has an object of that name */
  async #refuseForeign(resource: ResourceKind, name: string, signal: AbortSignal): Promise<void> {
    const there = await this.#scope.api.get(this.#scope.ref(resource, name), signal);
    const labels = there?.metadata.labels;
    if (!there || labels?.["app.kubernetes.io/managed-by"] === "promfleet") return;
    throw new PromfleetError({
      code: "CLUSTER_REFUSED",
      message: `there is a ${resource.kind} ${name} in namespace ${this.#scope.namespace} that promfleet did not make`,
      advice: "Give the fleet another name, or take that object away.",
    });
  }

  /** What may not be changed of a set is changed by another set for the same pod. */
  async keepStatefulSet(wanted: OwnedObject, signal: AbortSignal): Promise<void> {
    const { api, world, say, key } = this.#scope;
    const live = world.object(kinds.statefulSet, this.#scope.namespace, wanted.metadata.name);
    const isAnother =
      live?.metadata.annotations?.[templateAnnotation] !== wanted.metadata.annotations?.[templateAnnotation];
    // a pod that is adopted by a set with another template and other claims would be neither's
    const object = live && isAnother ? withClaimsOf(live, wanted) : wanted;
    try {
      await this.keep(object, signal);
    } catch (error) {
      if (!isRefusal(error, 422) || !live || !error.fields.some((field) => field === "spec")) throw error;
      say(`${key}: StatefulSet ${object.metadata.name} is made anew, its pod stays: ${error.said}`);
      const ref = this.#scope.ref(kinds.statefulSet, object.metadata.name);
      await api.delete(ref, { uid: live.metadata.uid, orphan: true, signal });
      for (let left = 50; left > 0 && (await api.get(ref, signal)); left--)
        await pause(100, undefined, { signal });
      await api.apply(ref, object, { signal });
    }
  }
}

/** A set with the claims of another one. */
function withClaimsOf(live: LiveObject, wanted: OwnedObject): OwnedObject {
  const spec = mapAt(wanted, "spec");
  const [size] = listAt(live, "spec", "volumeClaimTemplates").map((one) =>
    textAt(one, "spec", "resources", "requests", "storage"),
  );
  if (size === undefined) return wanted;
  const volumeClaimTemplates = listAt(spec, "volumeClaimTemplates").map((one) => ({
    ...(one as object),
    spec: { ...mapAt(one, "spec"), resources: { requests: { storage: size } } },
  }));
  return { ...wanted, spec: { ...spec, volumeClaimTemplates } };
}
