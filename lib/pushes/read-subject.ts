import { isJsonObject } from '../json/json-value.ts';
import { parseStrictJson } from '../json/parse-strict-json.ts';
import { type Digest, isDigest } from '../pullspec/digest.ts';
import type { Manifest } from '../registry/registry-client.ts';

/** The digest that a referrer's manifest is about (OCI image specification, `subject`); undefined for an image. */
export function readSubject({ bytes }: Pick<Manifest, 'bytes'>): Digest | undefined {
  const manifest = parseStrictJson(new TextDecoder().decode(bytes));
  const subject = isJsonObject(manifest) ? manifest['subject'] : undefined;
  const digest = isJsonObject(subject) ? subject['digest'] : undefined;
  return typeof digest === 'string' && isDigest(digest) ? digest : undefined;
}
