import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { ADMISSION_KINDS, type AdmissionResource } from '../render/admission-kinds.ts';
import type { AdmissionRequest } from './admission-review.ts';

/** The release images that a created or updated object requests and that its earlier state did not. */
export type RequestedImages =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'images'; readonly images: readonly RequestedImage[]; readonly force: boolean }
  /** A version whose image the object does not name. */
  | { readonly kind: 'unresolved'; readonly path: string; readonly message: string; readonly force: boolean };

export interface RequestedImage {
  /** The field that names the image, or the version that stands for it. */
  readonly path: string;
  /** As written. */
  readonly image: string;
}

const NOTHING_REQUESTED: RequestedImages = { kind: 'nothing' };

/**
 * Reads the images that a creation or an update requests. An unchanged image is not decided again: an object that was
 * admitted under earlier trust must still get new labels and lose its finalizers.
 *
 * @throws InputError `BodyInvalid` for a missing object, or one that has not its kind's shape
 */
export function readRequestedImages(
  resource: AdmissionResource,
  { operation, object, oldObject }: Pick<AdmissionRequest, 'operation' | 'object' | 'oldObject'>,
): RequestedImages {
  if (operation !== 'CREATE' && operation !== 'UPDATE') return NOTHING_REQUESTED;
  if (!isJsonObject(object)) throw invalid('request.object must be an object');
  if (operation === 'UPDATE' && !isJsonObject(oldObject)) throw invalid('request.oldObject must be an object');
  // A creation has no earlier object: an oldObject sent with it would make an image look unchanged.
  const earlier = operation === 'UPDATE' ? oldObject : null;
  return resource === 'clusterversions' ? readDesiredUpdate(object, earlier) : readImages(resource, object, earlier);
}

function readImages(resource: AdmissionResource, object: JsonObject, earlier: JsonValue): RequestedImages {
  const images = ADMISSION_KINDS[resource].paths.flatMap((path): readonly RequestedImage[] => {
    const image = readMember(object, path) ?? '';
    if (typeof image !== 'string') throw invalid(`${path} must be a string`);
    // Hive denies an image set without an image, so it is decided too.
    if (image === '' && resource !== 'clusterimagesets') return [];
    return image === readMember(earlier, path) ? [] : [{ path, image }];
  });
  return images.length === 0 ? NOTHING_REQUESTED : { kind: 'images', images, force: false };
}

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
 * of a version is looked up only in the object's own `status.availableUpdates`, which the API server lets no user write:
 * an update service could give the operator another answer later.
 *
 * @throws InputError `BodyInvalid`
 */
function readDesiredUpdate(object: JsonObject, earlier: JsonValue): RequestedImages {
  const written = readMember(object, PATH) ?? null;
  if (written === null || isDeepStrictEqual(written, readMember(earlier, PATH))) return NOTHING_REQUESTED;
  const desired = parseDesiredUpdate(written);
  const { version, image, force } = desired;
  if (image !== '') return { kind: 'images', images: [{ path: `${PATH}.image`, image }], force };
  // With neither image nor version there is no update.
  if (version === '') return NOTHING_REQUESTED;
  const images = findAvailable(desired, object);
  const [only] = images;
  const path = `${PATH}.version`;
  if (only !== undefined && images.length === 1) return { kind: 'images', images: [{ path, image: only }], force };
  return { kind: 'unresolved', path, message: toMessage(desired, images.length), force };
}

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

/**
 * Lists the images of the version among the available updates. When the cluster migrates to Multi, only updates marked
 * Multi count: the others are for the architecture that the cluster leaves.
 */
function findAvailable({ version, architecture }: DesiredUpdate, object: JsonObject): readonly string[] {
  const isLeaving = architecture === MULTI && readMember(object, 'status.desired.architecture') !== MULTI;
  const available = readMember(object, 'status.availableUpdates');
  const images = (Array.isArray(available) ? available : []).flatMap((update) => {
    if (!isJsonObject(update) || update['version'] !== version) return [];
    if (isLeaving && update['architecture'] !== MULTI) return [];
    const { image } = update;
    return typeof image === 'string' && image !== '' ? [image] : [];
  });
  return [...new Set(images)];
}

function toMessage({ version, architecture }: DesiredUpdate, count: number): string {
  const wanted = `${JSON.stringify(version)}${architecture === '' ? '' : ` for ${architecture}`}`;
  const found = count === 0 ? 'does not list' : `has ${count} images for`;
  // The API does not allow an image together with an architecture.
  const instead = `name the release by digest in ${PATH}.image${architecture === '' ? '' : ', without architecture,'} instead`;
  return `the image of version ${wanted} is unknown: status.availableUpdates ${found} it; ${instead}`;
}

function invalid(fault: string): InputError {
  return new InputError('BodyInvalid', fault);
}

/** The value at a path such as `spec.release.image`, or undefined. */
function readMember(value: JsonValue | undefined, path: string): JsonValue | undefined {
  let found: JsonValue | undefined = value;
  for (const member of path.split('.')) {
    found = isJsonObject(found) && Object.hasOwn(found, member) ? found[member] : undefined;
  }
  return found;
}
