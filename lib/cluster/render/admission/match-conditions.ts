import type { Repository } from '../../../base/names/reference.ts';
import { ADMISSION_KINDS, type AdmissionResource } from '../../objects/admission-kinds.ts';
import { MACHINE_CONFIG_RENDERER, OVERRIDES_PATH } from '../../objects/guarded-manifests.ts';
import { countsEmpty } from '../../objects/read-side-doors.ts';
import { type DoorPlace, SIDE_DOORS, type SideDoor } from '../../objects/side-doors.ts';

/** A condition in CEL (`k8s.io/api` admissionregistration/v1): a request that does not meet it is not reviewed. */
interface MatchCondition {
  readonly name: string;
  readonly expression: string;
}

/**
 * Conditions under which a change of the kind is reviewed: when a release, or what stands beside it, is new or changed.
 * Each member is guarded by `has`: an expression that fails denies the request without a review.
 */
export function toMatchConditions(resource: AdmissionResource): readonly MatchCondition[] {
  const conditions = [{ name: 'release-changed', expression: toChanged(resource) }];
  return resource === 'machineconfigs' ? [...conditions, toNotRendered()] : conditions;
}

/** An image set without an image is reviewed too, since Hive denies it. */
function toChanged(resource: AdmissionResource): string {
  const { paths } = ADMISSION_KINDS[resource];
  const releases = paths.map((path) =>
    resource === 'clusterimagesets' ? `!(${toPresence('object', path)}) || ${toNewness(path)}` : toChange(path),
  );
  const doors = SIDE_DOORS.filter((door) => door.resource === resource).map(toDoorChange);
  const overrides = resource === 'clusterversions' ? [toChange(OVERRIDES_PATH)] : [];
  return [...new Set([...releases, ...overrides, ...doors])].join(' || ');
}

function toDoorChange({ place, holds }: SideDoor): string {
  switch (place.kind) {
    case 'field':
      // Of a list, the whole list.
      return toChange(place.path.split('[]', 1)[0] ?? '');
    case 'annotation':
    case 'annotations':
      return `(${toAnnotationChange({ place, holds }, () => 'true')})`;
    default:
      throw new TypeError(`there is no place ${JSON.stringify(place satisfies never)}`);
  }
}

interface AnnotationDoor extends Pick<SideDoor, 'holds'> {
  readonly place: Exclude<DoorPlace, { kind: 'field' }>;
}

/** Annotations that an expression goes through, at most: an object may have tens of thousands, and each costs time. */
const MAX_WALKED_ANNOTATIONS = 512;

/**
 * True if an annotation of the place is new or changed. One name is looked up; where a form of names is meant, all are gone
 * through, and an object with more than {@link MAX_WALKED_ANNOTATIONS} counts as changed.
 *
 * @param also a condition on the annotation with the name `k` besides
 */
export function toAnnotationChange({ place, holds }: AnnotationDoor, also: (k: string) => string): string {
  const there = (root: string): string => `has(${root}.metadata.annotations)`;
  const isOpen = (k: string): string => {
    const value = `object.metadata.annotations[${k}]`;
    const isFull = countsEmpty({ place, holds }) ? [] : [`${value} != ''`];
    const isNew = `(oldObject == null || !${there('oldObject')} || !(${k} in oldObject.metadata.annotations) || oldObject.metadata.annotations[${k}] != ${value})`;
    return [...isFull, isNew, also(k)].filter((one) => one !== 'true').join(' && ');
  };
  if (place.kind === 'annotation') {
    const name = quote(place.name);
    return `${there('object')} && ${name} in object.metadata.annotations && ${isOpen(name)}`;
  }
  const isMeant = `k.startsWith(${quote(place.prefix)}) && k.endsWith(${quote(place.suffix)})`;
  const isMany = `size(object.metadata.annotations) > ${MAX_WALKED_ANNOTATIONS}`;
  return `${there('object')} && (${isMany} || object.metadata.annotations.exists(k, ${isMeant} && ${isOpen('k')}))`;
}

/** `(has(object.a) && has(object.a.b) && <new>)` */
export function toChange(path: string): string {
  return `(${toPresence('object', path)} && ${toNewness(path)})`;
}

function toNewness(path: string): string {
  return `(oldObject == null || !(${toPresence('oldObject', path)}) || object.${path} != oldObject.${path})`;
}

/** `has(object.spec) && has(object.spec.release) && …` */
export function toPresence(root: string, path: string): string {
  const members = path.split('.');
  return members.map((_, index) => `has(${[root, ...members.slice(0, index + 1)].join('.')})`).join(' && ');
}

/** Also while Signet is down, the controller can render the MachineConfigs of its pools. */
function toNotRendered(): MatchCondition {
  const { user, namePrefix } = MACHINE_CONFIG_RENDERER;
  const isRendered = `has(object.metadata.name) && object.metadata.name.startsWith(${quote(namePrefix)})`;
  return { name: 'not-rendered', expression: `!(request.userInfo.username == ${quote(user)} && ${isRendered})` };
}

/** A string of CEL. */
export function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** Characters of an image that CEL compares with a pattern. */
const MAX_IMAGE_LENGTH = 512;
export const TAG = '(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?';
export const DIGEST = '@(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})';

/** A check in CEL that an image is canonical and by digest, and what is said of one that is not. */
export function toCanonicalCheck(
  image: string,
  path: string,
  repositories: readonly Repository[],
): { readonly check: string; readonly message: { readonly messageExpression: string; readonly message: string } } {
  const names = repositories.map(escapePattern).join('|');
  const fault = `is no canonical release by digest: ${repositories[0] ?? 'a canonical repository'}@sha256:…`;
  return {
    check: toMatch(image, `^(${names})${TAG}${DIGEST}$`),
    message: {
      messageExpression: `${quote(`${path}: `)} + ${image} + ${quote(` ${fault}`)}`,
      message: `${path}: the image ${fault}`,
    },
  };
}

/** The length first: the cost of a pattern grows with it. */
export function toMatch(image: string, pattern: string): string {
  return `(size(${image}) <= ${MAX_IMAGE_LENGTH} && ${image}.matches(${quote(pattern)}))`;
}

export function escapePattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
