import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { type AdmissionQuestion, NOTHING_ASKED } from './admission-question.ts';
import { readMember } from './read-member.ts';

const PATH = 'spec.desiredUpdate';
const MULTI = 'Multi';

interface DesiredUpdate {
  readonly version: string;
  readonly image: string;
  readonly architecture: string;
  readonly force: boolean;
}

/**
 * The update that a ClusterVersion asks for (`openshift/api` config/v1). Its image is judged as written. Of a version
 * alone the image is looked up in the object's own `status.availableUpdates`, which the API server does not let a user
 * write, and in nothing else: an update service that is asked now may answer the operator otherwise later.
 *
 * @throws InputError `BodyInvalid`
 */
export function readDesiredUpdate(object: JsonObject, earlier: JsonValue): AdmissionQuestion {
  const written = readMember(object, PATH) ?? null;
  if (written === null || isDeepStrictEqual(written, readMember(earlier, PATH))) return NOTHING_ASKED;
  const desired = parseDesiredUpdate(written);
  const { version, image, force } = desired;
  if (image !== '') return { kind: 'images', images: [{ path: `${PATH}.image`, image }], force };
  // Without a version either, there is nothing to update to.
  if (version === '') return NOTHING_ASKED;
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
 * The images that the version stands for. On the way to Multi, an available update counts only if it says that it is
 * Multi: the others are those of the architecture that the cluster leaves.
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
  const found = count === 0 ? 'does not have' : `has ${count} images for`;
  // An image and an architecture exclude each other.
  const instead = `name the release by digest in ${PATH}.image${architecture === '' ? '' : ', without architecture,'} instead`;
  return `which image version ${wanted} stands for is not known: status.availableUpdates ${found} it; ${instead}`;
}

function invalid(fault: string): InputError {
  return new InputError('BodyInvalid', fault);
}
