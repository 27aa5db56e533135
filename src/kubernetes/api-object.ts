/** An object as the API server tells it. */
export interface LiveObject {
  apiVersion: string;
  kind: string;
  metadata: LiveMetadata;
  readonly [key: string]: unknown;
}

export interface LiveMetadata {
  name: string;
  namespace?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Readonly<Record<string, string>>;
  annotations?: Readonly<Record<string, string>>;
  ownerReferences?: readonly OwnerReference[];
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** A kind of objects, and where the API server has them. */
export interface ResourceKind {
  apiVersion: string;
  kind: string;
  /** As paths name it: "statefulsets". */
  plural: string;
  namespaced: boolean;
}

/** Which object. */
export interface ObjectRef {
  resource: ResourceKind;
  /** Undefined where the kind has none. */
  namespace?: string | undefined;
  name: string;
}

/** As people call it: "StatefulSet fleet/main-0-a". */
export function refText({ resource, namespace, name }: ObjectRef): string {
  return `${resource.kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
}

/** A map among values that nobody has checked; empty where it is none. */
export function mapAt(value: unknown, ...way: readonly string[]): Readonly<Record<string, unknown>> {
  const found = valueAt(value, ...way);
  return isMap(found) ? found : {};
}

/** A list among values that nobody has checked; empty where it is none. */
export function listAt(value: unknown, ...way: readonly string[]): readonly unknown[] {
  const found = valueAt(value, ...way);
  return Array.isArray(found) ? (found as readonly unknown[]) : [];
}

/** A text among values that nobody has checked. */
export function textAt(value: unknown, ...way: readonly string[]): string | undefined {
  const found = valueAt(value, ...way);
  return typeof found === "string" ? found : undefined;
}

/** A number among values that nobody has checked. */
export function numberAt(value: unknown, ...way: readonly string[]): number | undefined {
  const found = valueAt(value, ...way);
  return typeof found === "number" ? found : undefined;
}

function valueAt(value: unknown, ...way: readonly string[]): unknown {
  let at = value;
  for (const key of way) {
    if (!isMap(at)) return undefined;
    at = at[key];
  }
  return at;
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
