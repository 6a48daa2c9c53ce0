import { type Digest, isDigest } from '../../base/names/digest.ts';
import { createJsonReader } from './json-reader.ts';

/** Payload type of the envelopes that hold a statement. */
export const STATEMENT_TYPE = 'application/vnd.in-toto+json';

const VERSIONS = new Set(['https://in-toto.io/Statement/v1', 'https://in-toto.io/Statement/v0.1']);
/** What cosign states when it signs an image; provenance or a bill of materials by the same key states something else. */
const SIGNED = 'https://sigstore.dev/cosign/sign/v1';
const json = createJsonReader("the bundle's statement", 'PayloadInvalid');

/**
 * The digests that a verified in-toto statement is about. Names of subjects are no repositories and are left alone.
 *
 * @throws SignatureError `PayloadInvalid`, also for a statement that is no signature of an image
 */
export function parseSignedDigests(content: Uint8Array): readonly Digest[] {
  const root = json.members('it', json.parse(content), undefined);
  if (!VERSIONS.has(json.text('_type', root['_type']))) throw json.invalid('_type is not that of a statement');
  if (root['predicateType'] !== SIGNED) throw json.invalid(`predicateType must be ${JSON.stringify(SIGNED)}`);
  const digests = json.list('subject', root['subject']).flatMap((element, index) => {
    const subject = json.members(`subject[${index}]`, element, undefined);
    const digest = json.members(`subject[${index}].digest`, subject['digest'], undefined);
    return Object.entries(digest).map(([algorithm, value]) => `${algorithm}:${json.text(algorithm, value)}`);
  });
  const known = digests.filter(isDigest);
  if (known.length === 0) throw json.invalid('it names no digest of an image');
  return known;
}
