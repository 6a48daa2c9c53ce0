import { isJsonObject, type JsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { ADMISSION_KINDS, type AdmissionResource } from '../objects/admission-kinds.ts';
import { MACHINE_CONFIG_RENDERER } from '../objects/guarded-manifests.ts';
import { type OpenDoor, readMember, readOverrides, readSideDoors } from '../objects/read-side-doors.ts';
import type { AdmissionRequest } from './admission-review.ts';
import { type Requested, type RequestedImages, readDesiredUpdate } from './desired-update.ts';

const NOTHING_REQUESTED: RequestedImages = { items: [], force: false };

/**
 * Reads what a creation or an update requests. An unchanged image is not decided again: an object that was admitted under
 * earlier trust must still get new labels and lose its finalizers.
 *
 * @throws InputError `BodyInvalid` for a missing object, or one that has not its kind's shape
 */
export function readRequestedImages(
  resource: AdmissionResource,
  request: Pick<AdmissionRequest, 'operation' | 'object' | 'oldObject'> & Partial<Pick<AdmissionRequest, 'user'>>,
): RequestedImages {
  const { operation, object, oldObject } = request;
  if (operation !== 'CREATE' && operation !== 'UPDATE') return NOTHING_REQUESTED;
  if (!isJsonObject(object)) throw invalid('request.object must be an object');
  if (operation === 'UPDATE' && !isJsonObject(oldObject)) throw invalid('request.oldObject must be an object');
  // A creation has no earlier object: an oldObject sent with it would make an image look unchanged.
  const earlier = operation === 'UPDATE' ? oldObject : null;
  if (isRendered(resource, object, request.user)) return NOTHING_REQUESTED;
  return requireFew(readRequested(resource, object, earlier));
}

/** Things that one object may request: each takes a decision, and an object can name thousands. */
const MAX_REQUESTED = 256;

function requireFew(requested: RequestedImages): RequestedImages {
  const { length } = requested.items;
  if (length <= MAX_REQUESTED) return requested;
  throw invalid(`the object requests ${length} images and overrides; at most ${MAX_REQUESTED} are decided at once`);
}

function readRequested(resource: AdmissionResource, object: JsonObject, earlier: JsonValue): RequestedImages {
  const doors = readSideDoors(resource, object, earlier).map(toRequested);
  if (resource !== 'clusterversions') {
    return { items: [...readReleases(resource, object, earlier), ...doors], force: false };
  }
  const { items, force } = readDesiredUpdate(object, earlier);
  const overrides = readOverrides(object, earlier).map((override): Requested => ({ kind: 'override', ...override }));
  return { items: [...items, ...overrides, ...doors], force };
}

/** The MachineConfig of a pool holds what the pool's own ones hold, which were judged when they came. */
function isRendered(resource: AdmissionResource, object: JsonObject, user: string | undefined): boolean {
  const name = readMember(object, 'metadata.name');
  const { user: renderer, namePrefix } = MACHINE_CONFIG_RENDERER;
  return resource === 'machineconfigs' && user === renderer && typeof name === 'string' && name.startsWith(namePrefix);
}

function toRequested({ path, value, door }: OpenDoor): Requested {
  const { holds, does } = door;
  switch (holds) {
    case 'release':
      return { kind: 'release', path, image: value };
    case 'component':
    case 'components':
      return { kind: 'component', path, image: value, does };
    case 'setting':
      return { kind: 'setting', path, value, does };
    case 'choice':
      return { kind: 'later', path, message: `${JSON.stringify(value)} ${does}: it was not judged by itself` };
    default:
      throw new TypeError(`there is no content ${JSON.stringify(holds satisfies never)}`);
  }
}

function readReleases(resource: AdmissionResource, object: JsonObject, earlier: JsonValue): readonly Requested[] {
  return ADMISSION_KINDS[resource].paths.flatMap((path): readonly Requested[] => {
    const image = readMember(object, path) ?? '';
    if (typeof image !== 'string') throw invalid(`${path} must be a string`);
    // Hive denies an image set without an image, so it is decided too.
    if (image === '' && resource !== 'clusterimagesets') return [];
    return image === readMember(earlier, path) ? [] : [{ kind: 'release', path, image }];
  });
}

function invalid(fault: string): InputError {
  return new InputError('BodyInvalid', fault);
}
