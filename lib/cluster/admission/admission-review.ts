import { isJsonObject, type JsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { ADMISSION_KINDS, type AdmissionResource, listVersions } from '../objects/admission-kinds.ts';
import { MAX_UID_LENGTH } from './review-envelope.ts';

/** The request of an AdmissionReview (`k8s.io/api` admission/v1), as far as Signet needs it. */
export interface AdmissionRequest {
  /** The answer must repeat it: API servers reject any other. */
  readonly uid: string;
  /** `CREATE`, `UPDATE`, `DELETE` or `CONNECT`. */
  readonly operation: string;
  readonly resource: { readonly group: string; readonly version: string; readonly resource: string };
  /** The kind of the object; undefined where the review does not say it. */
  readonly kind: GroupVersionKind | undefined;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  /** Who changes the object, as the API server knows them. */
  readonly user: string | undefined;
  /** Null without an object, as for a deletion. */
  readonly object: JsonValue;
  readonly oldObject: JsonValue;
  /** Such a request must have no side effects. */
  readonly dryRun: boolean;
}

interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

const API_VERSION = 'admission.k8s.io/v1';

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
  const { uid, operation, resource, kind, object = null, oldObject = null, dryRun, userInfo } = request;
  if (typeof uid !== 'string' || uid === '' || uid.length > MAX_UID_LENGTH) {
    throw invalid(`request.uid must be a string of 1 to ${MAX_UID_LENGTH} characters`);
  }
  if (typeof operation !== 'string') throw invalid('request.operation must be a string');
  if (dryRun !== undefined && dryRun !== null && typeof dryRun !== 'boolean') {
    throw invalid('request.dryRun must be true or false');
  }
  return {
    uid,
    operation,
    resource: parseResource(resource),
    kind: kind === undefined ? undefined : parseKind(kind),
    namespace: readName(request['namespace']),
    name: readName(request['name']),
    user: isJsonObject(userInfo) ? readName(userInfo['username']) : undefined,
    object,
    oldObject,
    dryRun: dryRun === true,
  };
}

function parseResource(resource: JsonValue | undefined): AdmissionRequest['resource'] {
  const members: JsonObject = isJsonObject(resource) ? resource : {};
  const { group, version, resource: name } = members;
  if (typeof group !== 'string' || typeof version !== 'string' || typeof name !== 'string') {
    throw invalid('request.resource must have a group, a version and a resource');
  }
  return { group, version, resource: name };
}

function parseKind(members: JsonValue): GroupVersionKind {
  const { group, version, kind }: JsonObject = isJsonObject(members) ? members : {};
  if (typeof group !== 'string' || typeof version !== 'string' || typeof kind !== 'string') {
    throw invalid('request.kind must have a group, a version and a kind');
  }
  return { group, version, kind };
}

function readName(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/**
 * Requires that a review is of what its path names. An object of another kind would be read by the wrong fields, so that
 * nothing in it would be found.
 *
 * @throws InputError `BodyInvalid` that says what was expected
 */
export function requireKind(name: AdmissionResource, review: AdmissionRequest): void {
  const { group, version: first, kind } = ADMISSION_KINDS[name];
  const { resource } = review;
  // An object is of the version that its review is of.
  const version = listVersions(name).find((one) => one === resource.version) ?? first;
  const written = [resource.group, resource.version, resource.resource].join('/');
  const expected = [group, version, name].join('/');
  if (written !== expected) throw misdirected(name, `it is of ${written}, not of ${expected}`);
  const kinds = [
    review.kind === undefined ? undefined : [`${review.kind.group}/${review.kind.version}`, review.kind.kind],
    readKind(review.object),
    readKind(review.oldObject),
  ];
  const other = kinds.find((one) => one !== undefined && (one[0] !== `${group}/${version}` || one[1] !== kind));
  if (other !== undefined) {
    throw misdirected(name, `its object is of ${other.join(' ')}, not of ${group}/${version} ${kind}`);
  }
}

/** `apiVersion` and `kind` of an object; undefined if it has neither. */
function readKind(object: JsonValue): readonly string[] | undefined {
  if (!isJsonObject(object) || (object['apiVersion'] === undefined && object['kind'] === undefined)) return undefined;
  const { apiVersion, kind } = object;
  return [apiVersion, kind].map((one) => (typeof one === 'string' ? one : JSON.stringify(one ?? null)));
}

function misdirected(name: AdmissionResource, fault: string): InputError {
  return invalid(`the webhook of ${name} does not take this review: ${fault}; the webhook configuration is wrong`);
}

function invalid(fault: string): InputError {
  return new InputError('BodyInvalid', fault);
}
