import { isJsonObject, type JsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { InputError } from '../../base/errors/input-error.ts';

/** The request of an AdmissionReview (`k8s.io/api` admission/v1), as far as Signet needs it. */
export interface AdmissionRequest {
  /** The answer must repeat it: API servers reject any other. */
  readonly uid: string;
  /** `CREATE`, `UPDATE`, `DELETE` or `CONNECT`. */
  readonly operation: string;
  readonly resource: { readonly group: string; readonly version: string; readonly resource: string };
  /** Null without an object, as for a deletion. */
  readonly object: JsonValue;
  readonly oldObject: JsonValue;
  /** Such a request must have no side effects. */
  readonly dryRun: boolean;
}

const API_VERSION = 'admission.k8s.io/v1';
/** Characters of a uid, normally a UUID; the answer repeats it. */
const MAX_UID_LENGTH = 128;

/**
 * Parses the envelope of an AdmissionReview v1. Unknown members are ignored, as in Kubernetes. The object itself is read
 * later, when there is a uid to answer with.
 *
 * @throws InputError `BodyInvalid` that names the member
 */
export function parseAdmissionReview(body: JsonValue): AdmissionRequest {
  if (!isJsonObject(body) || body['kind'] !== 'AdmissionReview') throw invalid('the body is not an AdmissionReview');
  if (body['apiVersion'] !== API_VERSION) throw invalid(`apiVersion must be ${API_VERSION}`);
  const { request } = body;
  if (!isJsonObject(request)) throw invalid('request must be an object');
  const { uid, operation, resource, object = null, oldObject = null, dryRun } = request;
  if (typeof uid !== 'string' || uid === '' || uid.length > MAX_UID_LENGTH) {
    throw invalid(`request.uid must be a string of 1 to ${MAX_UID_LENGTH} characters`);
  }
  if (typeof operation !== 'string') throw invalid('request.operation must be a string');
  if (dryRun !== undefined && dryRun !== null && typeof dryRun !== 'boolean') {
    throw invalid('request.dryRun must be true or false');
  }
  return { uid, operation, resource: parseResource(resource), object, oldObject, dryRun: dryRun === true };
}

function parseResource(resource: JsonValue | undefined): AdmissionRequest['resource'] {
  const members: JsonObject = isJsonObject(resource) ? resource : {};
  const { group, version, resource: name } = members;
  if (typeof group !== 'string' || typeof version !== 'string' || typeof name !== 'string') {
    throw invalid('request.resource must have a group, a version and a resource');
  }
  return { group, version, resource: name };
}

function invalid(fault: string): InputError {
  return new InputError('BodyInvalid', fault);
}
