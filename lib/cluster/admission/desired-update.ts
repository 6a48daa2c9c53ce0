import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { readMember } from '../objects/read-side-doors.ts';

const PATH = 'spec.desiredUpdate';
const MULTI = 'Multi';

interface DesiredUpdate {
  readonly version: string;
  readonly image: string;
  readonly architecture: string;
  readonly force: boolean;
}

/**
 * Reads the update that a ClusterVersion requests (`openshift/api` config/v1). An image is decided as written. The image
 * of a version is looked up only in the object's own status, which the API server lets no user write: an update service
 * could give the operator another answer later. Taking back the update, or its `force` alone, requests nothing.
 *
 * @throws InputError `BodyInvalid`
 */
export function readDesiredUpdate(object: JsonObject, earlier: JsonValue): RequestedImages {
  const written = readMember(object, PATH) ?? null;
  const before = readMember(earlier, PATH) ?? null;
  if (written === null || isDeepStrictEqual(written, before)) return { items: [], force: false };
  const desired = parseDesiredUpdate(written);
  const { force } = desired;
  if (before !== null && !force && isDeepStrictEqual(desired, { ...parseDesiredUpdate(before), force: false })) {
    return { items: [], force };
  }
  return { items: readItems(desired, object), force };
}

function readItems(desired: DesiredUpdate, object: JsonObject): readonly Requested[] {
  const { version, image } = desired;
  if (image !== '') return [{ kind: 'release', path: `${PATH}.image`, image }];
  // With neither image nor version there is no update.
  if (version === '') return [];
  const path = `${PATH}.version`;
  const images = findImages(desired, object);
  const [only] = images;
  if (only !== undefined && images.length === 1) return [{ kind: 'release', path, image: only }];
  // With force the operator verifies nothing of what it chooses: then the image has to be named.
  if (images.length === 0 && !desired.force && isMigration(desired, object)) {
    return [{ kind: 'later', path: `${PATH}.architecture`, message: LATER }];
  }
  return [{ kind: 'unresolved', path, message: toMessage(desired, images.length) }];
}

const LATER =
  'the cluster chooses the image of architecture Multi after this change: no image was judged; look at status.desired afterwards';

function parseDesiredUpdate(written: JsonValue): DesiredUpdate {
  if (!isJsonObject(written)) throw invalid(`${PATH} must be an object`);
  const { version, image, architecture, force } = written;
  if (force !== undefined && force !== null && typeof force !== 'boolean') {
    throw invalid(`${PATH}.force must be true or false`);
  }
  return {
    version: readText(version, 'version'),
    image: readText(image, 'image'),
    architecture: readText(architecture, 'architecture'),
    force: force === true,
  };
}

function readText(value: JsonValue | undefined, member: string): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw invalid(`${PATH}.${member} must be a string`);
  return value;
}

/** The version that runs, for another architecture: what `oc adm upgrade --to-multi-arch` writes. */
function isMigration({ version }: DesiredUpdate, object: JsonObject): boolean {
  return version === readMember(object, 'status.desired.version') && isLeaving(object);
}

function isLeaving(object: JsonObject): boolean {
  const wanted = readMember(object, `${PATH}.architecture`);
  return wanted === MULTI && readMember(object, 'status.desired.architecture') !== MULTI;
}

/**
 * Lists the images of the version: of the available and the conditional updates and, where those have none, of the
 * history, for a way back. When the cluster migrates to Multi, only updates marked Multi count: the others are for the
 * architecture that the cluster leaves.
 */
function findImages({ version }: DesiredUpdate, object: JsonObject): readonly string[] {
  const available = listMember(object, 'status.availableUpdates');
  const conditional = listMember(object, 'status.conditionalUpdates').flatMap(({ release }) =>
    isJsonObject(release) ? [release] : [],
  );
  const offered = listNamed([...available, ...conditional], version, isLeaving(object));
  return offered.length > 0 ? offered : listNamed(listMember(object, 'status.history'), version, isLeaving(object));
}

function listMember(object: JsonObject, path: string): readonly JsonObject[] {
  const list = readMember(object, path);
  return (Array.isArray(list) ? list : []).filter(isJsonObject);
}

function listNamed(releases: readonly JsonObject[], version: string, isMultiOnly: boolean): readonly string[] {
  const images = releases.flatMap((release) => {
    if (release['version'] !== version || (isMultiOnly && release['architecture'] !== MULTI)) return [];
    const { image } = release;
    return typeof image === 'string' && image !== '' ? [image] : [];
  });
  return [...new Set(images)];
}

function toMessage({ version, architecture }: DesiredUpdate, count: number): string {
  const wanted = `${JSON.stringify(version)}${architecture === '' ? '' : ` for ${architecture}`}`;
  const found =
    count === 0
      ? 'status.availableUpdates, conditionalUpdates and history do not list it'
      : `status.availableUpdates and conditionalUpdates have ${count} images for it`;
  // The API does not allow an image together with an architecture.
  const instead = `name the release by digest in ${PATH}.image${architecture === '' ? '' : ', without architecture,'} instead`;
  return `the image of version ${wanted} is unknown: ${found}; ${instead}`;
}

function invalid(fault: string): InputError {
  return new InputError('BodyInvalid', fault);
}

/** Something that a created or updated object requests and that its earlier state did not. */
export type Requested =
  /** A release; `path` is the field that names the image, or the version that stands for it. */
  | { readonly kind: 'release'; readonly path: string; readonly image: string }
  /** An image that replaces a component of a release. */
  | { readonly kind: 'component'; readonly path: string; readonly image: string; readonly does: string }
  /** What replaces a part of a release, or a check, and can be judged by no image. */
  | { readonly kind: 'setting'; readonly path: string; readonly value: string; readonly does: string }
  /** A part of a release that nothing replaces any more. */
  | { readonly kind: 'override'; readonly path: string; readonly manifest: string; readonly why: string | undefined }
  /** A version whose image the object does not name. */
  | { readonly kind: 'unresolved'; readonly path: string; readonly message: string }
  /** What is admitted, and what has to be known about it. */
  | { readonly kind: 'later'; readonly path: string; readonly message: string };

export interface RequestedImages {
  readonly items: readonly Requested[];
  /** Whether the update of a ClusterVersion is forced. */
  readonly force: boolean;
}
