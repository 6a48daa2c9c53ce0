import { isJsonObject, type JsonObject } from '../../base/documents/json-value.ts';
import { parseStrictJson } from '../../base/documents/parse-strict-json.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import { createJsonReader } from '../json-reader.ts';

/** Payload type of the envelopes that hold a statement. */
export const STATEMENT_TYPE = 'application/vnd.in-toto+json';

/** What an in-toto statement is about. */
interface Statement {
  readonly predicateType: string;
  /** Of its subjects. */
  readonly digests: readonly Digest[];
}

const VERSIONS = new Set(['https://in-toto.io/Statement/v1', 'https://in-toto.io/Statement/v0.1']);
const json = createJsonReader("the bundle's statement", 'PayloadInvalid');

/**
 * Reads a verified in-toto statement. Names of subjects are not repositories and are ignored, and so are digests that
 * name no image or file.
 *
 * @throws SignatureError `PayloadInvalid`
 */
export function parseStatement(content: Uint8Array): Statement {
  const root = json.members('it', json.parse(content), undefined);
  if (!VERSIONS.has(json.text('_type', root['_type']))) throw json.invalid('_type is not that of a statement');
  const digests = json.list('subject', root['subject']).flatMap((element, index) => {
    const subject = json.members(`subject[${index}]`, element, undefined);
    const digest = json.members(`subject[${index}].digest`, subject['digest'], undefined);
    return Object.entries(digest).map(([algorithm, value]) => `${algorithm}:${json.text(algorithm, value)}`);
  });
  return { predicateType: json.text('predicateType', root['predicateType']), digests: digests.filter(isDigest) };
}

/** What cosign states when it signs an image. */
export const SIGNED_PREDICATE = 'https://sigstore.dev/cosign/sign/v1';

/**
 * The predicate of the statement in a bundle, where it is not the one that signs an image: provenance, a bill of materials,
 * a scan. Such a bundle is no signature, good or bad. Nothing in it is proven, and nothing needs to be: verification would
 * refuse it for its predicate whoever signed it.
 *
 * @returns undefined for a bundle that may sign an image, and for what cannot be read, which verification then names
 */
export function readOtherPredicate(untrustedBundle: Uint8Array): string | undefined {
  const envelope = toMember(parse(untrustedBundle), 'dsseEnvelope');
  const { payload } = envelope;
  if (typeof payload !== 'string') return undefined;
  const { predicateType } = parse(Buffer.from(payload, 'base64'));
  if (typeof predicateType !== 'string' || predicateType === '') return undefined;
  return predicateType === SIGNED_PREDICATE ? undefined : predicateType;
}

function toMember(object: JsonObject, name: string): JsonObject {
  const member = object[name] ?? null;
  return isJsonObject(member) ? member : {};
}

/** Empty for anything but an object in strict JSON. */
function parse(untrustedBytes: Uint8Array): JsonObject {
  try {
    const value = parseStrictJson(new TextDecoder('utf-8', { fatal: true }).decode(untrustedBytes));
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}
