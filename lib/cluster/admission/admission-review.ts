import { isJsonObject, type JsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { InputError } from '../../base/errors/input-error.ts';

/** What an API server asks, as far as it matters here (`k8s.io/api` admission/v1). */
export interface AdmissionRequest {
  /** Goes back with the answer; the API server refuses another. */
  readonly uid: string;
  /** `CREATE`, `UPDATE`, `DELETE` or `CONNECT`. */
  readonly operation: string;
  readonly resource: { readonly group: string; readonly version: string; readonly resource: string };
  /** Null where there is none, as for a deletion. */
  readonly object: JsonValue;
  readonly oldObject: JsonValue;
  /** Nothing may be written for the sake of it. */
  readonly dryRun: boolean;
}

const API_VERSION = 'admission.k8s.io/v1';
/** Characters of a uid, which is a UUID: it is echoed. */
const MAX_UID_LENGTH = 128;

/**
 * Reads the envelope of an AdmissionReview v1; members that are not known are passed over, as Kubernetes has it. What
 * the object is, is judged later: only then is there a uid to answer with.
 *
 * @throws InputError `BodyInvalid` that names the member
 */
export function parseAdmissionReview(body: JsonValue): AdmissionRequest {
  if (!isJsonObject(body) || body['kind'] !== 'AdmissionReview') throw invalid('the body is not an AdmissionReview');
  if (body['apiVersion'] !== API_VERSION) throw invalid(`apiVersion must be ${API_VERSION}`);
  const { request } = body;
  if (!isJsonObject(request)) throw invalid('request must be an object');
  const { uid, operation, resource, object = null, oldObject = null, dryRun } = request;
  if (typeof uid !== 'string' || uid === '' || uid.length > MAX_UID_LENGTH) throw invalid('request.uid must be a uid');
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
