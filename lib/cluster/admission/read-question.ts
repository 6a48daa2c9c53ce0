import { isJsonObject, type JsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { ADMISSION_KINDS, type AdmissionResource } from '../render/admission-kinds.ts';
import { type AdmissionQuestion, type AskedImage, NOTHING_ASKED } from './admission-question.ts';
import type { AdmissionRequest } from './admission-review.ts';
import { readDesiredUpdate } from './read-desired-update.ts';
import { readMember } from './read-member.ts';

/**
 * What a creation or an update asks for. What stood there before is not asked for again: labels of old objects change,
 * and their finalizers have to go.
 *
 * @throws InputError `BodyInvalid` for an object that is missing, or not of its kind's shape
 */
export function readQuestion(
  resource: AdmissionResource,
  { operation, object, oldObject }: Pick<AdmissionRequest, 'operation' | 'object' | 'oldObject'>,
): AdmissionQuestion {
  if (operation !== 'CREATE' && operation !== 'UPDATE') return NOTHING_ASKED;
  if (!isJsonObject(object)) throw new InputError('BodyInvalid', 'request.object must be an object');
  if (operation === 'UPDATE' && !isJsonObject(oldObject)) {
    throw new InputError('BodyInvalid', 'request.oldObject must be an object');
  }
  // A creation has no earlier object: one that came along would make an image look unchanged.
  const earlier = operation === 'UPDATE' ? oldObject : null;
  return resource === 'clusterversions' ? readDesiredUpdate(object, earlier) : readImages(resource, object, earlier);
}

function readImages(resource: AdmissionResource, object: JsonObject, earlier: JsonValue): AdmissionQuestion {
  const images = ADMISSION_KINDS[resource].paths.flatMap((path): readonly AskedImage[] => {
    const image = readMember(object, path) ?? '';
    if (typeof image !== 'string') throw new InputError('BodyInvalid', `${path} must be a string`);
    // An image set without an image is a question too: Hive says no.
    if (image === '' && resource !== 'clusterimagesets') return [];
    return image === readMember(earlier, path) ? [] : [{ path, image }];
  });
  return images.length === 0 ? NOTHING_ASKED : { kind: 'images', images, force: false };
}
