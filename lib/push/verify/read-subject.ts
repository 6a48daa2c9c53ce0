import { isJsonObject } from '../../base/documents/json-value.ts';
import { parseStrictJson } from '../../base/documents/parse-strict-json.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import type { Manifest } from '../../registry/client/registry-client.ts';

/** The digest that a referrer's manifest is about (OCI image specification, `subject`); undefined for an image. */
export function readSubject({ bytes }: Pick<Manifest, 'bytes'>): Digest | undefined {
  const manifest = parseStrictJson(new TextDecoder().decode(bytes));
  const subject = isJsonObject(manifest) ? manifest['subject'] : undefined;
  const digest = isJsonObject(subject) ? subject['digest'] : undefined;
  return typeof digest === 'string' && isDigest(digest) ? digest : undefined;
}
