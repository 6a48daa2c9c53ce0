import { isJsonObject, type JsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import type { AdmissionResource } from './admission-kinds.ts';
import { GUARDED_MANIFESTS, OVERRIDES_PATH } from './guarded-manifests.ts';
import { type DoorPlace, SIDE_DOORS, type SideDoor } from './side-doors.ts';

/** What a side door of an object holds. */
export interface OpenDoor {
  /** The field as a user finds it, such as `metadata.annotations["hypershift.openshift.io/image-overrides"]`. */
  readonly path: string;
  /** A text as it is; anything else as JSON. */
  readonly value: string;
  readonly door: Pick<SideDoor, 'holds' | 'does'>;
}

/**
 * Lists what stands in the side doors of an object and was not there before. A value that was taken away is none.
 *
 * @param earlier the object before the change; null for a new one
 */
export function readSideDoors(
  resource: AdmissionResource,
  object: JsonObject,
  earlier: JsonValue,
): readonly OpenDoor[] {
  const doors = SIDE_DOORS.filter((door) => door.resource === resource);
  return doors.flatMap(({ place, holds, does }) => {
    // Entries of a list may move; what replaced one component must not replace another one unseen.
    const name = ({ path, value }: FoundValue): string => JSON.stringify([place.kind === 'field' ? '' : path, value]);
    const before = new Set(listValues(place, earlier).map(name));
    return listValues(place, object)
      .filter((found) => !before.has(name(found)))
      .filter(({ value }) => value !== '' || countsEmpty({ place, holds }))
      .flatMap(({ path, value }) => toOpenDoors(path, value, { holds, does }));
  });
}

/** HyperShift asks of some annotations that are settings whether they are there, and not what they hold. */
export function countsEmpty({ place, holds }: Pick<SideDoor, 'place' | 'holds'>): boolean {
  return place.kind !== 'field' && holds === 'setting';
}

function toOpenDoors(path: string, value: JsonValue, door: OpenDoor['door']): readonly OpenDoor[] {
  if (value === null) return [];
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (door.holds !== 'components') return [{ path, value: text, door }];
  // HyperShift splits at commas, then at the first equals sign.
  return text.split(',').map((pair) => {
    const separator = pair.indexOf('=');
    return { path, value: pair.slice(separator + 1), door: { ...door, holds: 'component' } };
  });
}

interface FoundValue {
  readonly path: string;
  readonly value: JsonValue;
}

function listValues(place: DoorPlace, object: JsonValue): readonly FoundValue[] {
  switch (place.kind) {
    case 'field':
      return listFields(place.path, place.where, object);
    case 'annotation':
      return listAnnotations((name) => name === place.name, object);
    case 'annotations':
      return listAnnotations((name) => name.startsWith(place.prefix) && name.endsWith(place.suffix), object);
    default:
      throw new TypeError(`there is no place ${JSON.stringify(place satisfies never)}`);
  }
}

function listFields(
  path: string,
  where: readonly [member: string, value: string] | undefined,
  object: JsonValue,
): readonly FoundValue[] {
  const [listPath = '', member] = path.split('[].');
  const found = readMember(object, listPath);
  if (member === undefined) return found === undefined ? [] : [{ path, value: found }];
  return (Array.isArray(found) ? found : []).flatMap((entry, index) => {
    const value = readMember(entry, member);
    const isMeant = where === undefined || readMember(entry, where[0]) === where[1];
    return value === undefined || !isMeant ? [] : [{ path: `${listPath}[${index}].${member}`, value }];
  });
}

function listAnnotations(isMeant: (name: string) => boolean, object: JsonValue): readonly FoundValue[] {
  const annotations = readMember(object, 'metadata.annotations');
  return Object.entries(isJsonObject(annotations) ? annotations : {})
    .filter(([name]) => isMeant(name))
    .map(([name, value]) => ({ path: `metadata.annotations[${JSON.stringify(name)}]`, value }));
}

/** An entry of a ClusterVersion's overrides that is unmanaged now and was not before. */
export interface OpenOverride {
  readonly path: string;
  /** Such as `Deployment openshift-cluster-version/cluster-version-operator`. */
  readonly manifest: string;
  /** Why the verification of releases rests on it; undefined if it does not. */
  readonly why: string | undefined;
}

/** The manifests that an update of a ClusterVersion makes unmanaged, so that others may change them. */
export function readOverrides(object: JsonObject, earlier: JsonValue): readonly OpenOverride[] {
  const before = new Set(listOverrides(earlier).filter(isUnmanaged).map(toManifest));
  return listOverrides(object).flatMap((entry, index) => {
    const manifest = toManifest(entry);
    if (!isUnmanaged(entry) || before.has(manifest)) return [];
    const guarded = GUARDED_MANIFESTS.find(
      ({ kind, namespace, name }) =>
        entry['kind'] === kind && entry['name'] === name && (namespace ?? entry['namespace']) === entry['namespace'],
    );
    return [{ path: `${OVERRIDES_PATH}[${index}]`, manifest, why: guarded?.why }];
  });
}

function listOverrides(object: JsonValue): readonly JsonObject[] {
  const overrides = readMember(object, OVERRIDES_PATH);
  return (Array.isArray(overrides) ? overrides : []).filter(isJsonObject);
}

function isUnmanaged({ unmanaged }: JsonObject): boolean {
  return unmanaged === true;
}

function toManifest({ kind, namespace, name }: JsonObject): string {
  const [kindText, namespaceText, nameText] = [kind, namespace, name].map((one) =>
    typeof one === 'string' ? one : '',
  );
  return `${kindText} ${namespaceText === '' ? '' : `${namespaceText}/`}${nameText}`;
}

/** The value at a path such as `spec.release.image`, or undefined. */
export function readMember(value: JsonValue | undefined, path: string): JsonValue | undefined {
  let found: JsonValue | undefined = value;
  for (const member of path.split('.')) {
    found = isJsonObject(found) && Object.hasOwn(found, member) ? found[member] : undefined;
  }
  return found;
}
