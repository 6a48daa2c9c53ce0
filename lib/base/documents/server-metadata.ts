import { isJsonObject, type JsonObject, type JsonValue } from './json-value.ts';

/** Members of `metadata` that the API server fills in, and that differ in each export (`ObjectMeta` of apimachinery). */
const FILLED_IN: ReadonlySet<string> = new Set([
  'creationTimestamp',
  'deletionGracePeriodSeconds',
  'deletionTimestamp',
  'generation',
  'managedFields',
  'resourceVersion',
  'selfLink',
  'uid',
]);
/** The object as it was applied last, kept by `kubectl apply` and `oc apply`. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** A Kubernetes object as its author wrote it: without what the API server and the client put into its metadata. */
export function withoutServerMetadata(object: JsonObject): JsonObject {
  const { metadata, ...others } = object;
  if (!isJsonObject(metadata)) return object;
  const { annotations, ...written } = withoutMembers(metadata, (name) => FILLED_IN.has(name));
  const noted = isJsonObject(annotations) ? withoutMembers(annotations, (name) => name === LAST_APPLIED) : annotations;
  const isEmpty = noted === undefined || noted === null || (isJsonObject(noted) && Object.keys(noted).length === 0);
  return { ...others, metadata: isEmpty ? written : { ...written, annotations: noted } };
}

/** What two exports of an unchanged object have in common: its controllers write conditions all the time. */
export function withoutServerState(content: JsonObject): JsonObject {
  const object = withoutServerMetadata(content);
  const { status } = object;
  if (!isJsonObject(status)) return object;
  const written = ['conditions', 'observedGeneration'];
  return { ...object, status: withoutMembers(status, (name) => written.includes(name)) };
}

function withoutMembers(object: JsonObject, isLeftOut: (name: string) => boolean): { [member: string]: JsonValue } {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !isLeftOut(name)));
}
