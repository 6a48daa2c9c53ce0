import * as v from 'valibot';
import { parsedField } from '../../../base/documents/schema.ts';
import { InputError } from '../../../base/errors/input-error.ts';
import { parseDigest } from '../../../base/names/digest.ts';
import { parseReference } from '../../../base/names/reference.ts';
import { parseRegistryHost } from '../../../base/names/registry-host.ts';
import { parseTime, toTime } from './parse-time.ts';

/** Characters of an event's identifier. */
export const MAX_EVENT_ID_LENGTH = 128;

const PROBE = 'registry.invalid/a';

export const digestField = parsedField(v.string(), parseDigest);
/** Several senders write an absent member as an empty one. */
export const optionalDigestField = v.optional(
  parsedField(v.string(), (text) => (text === '' ? undefined : parseDigest(text))),
);
export const tagField = parsedField(v.string(), parseTag);
export const optionalTagField = v.optional(
  parsedField(v.string(), (text) => (text === '' ? undefined : parseTag(text))),
);
export const registryField = parsedField(v.string(), parseRegistryHost);
/** `host/…`: the host, parsed, and the text after it. A host is never assumed. */
export const hostedNameField = parsedField(v.string(), (text) => {
  const slash = text.indexOf('/');
  if (slash < 0) throw new InputError('BodyInvalid', 'expected registry/repository');
  return { registry: parseRegistryHost(text.slice(0, slash)), rest: text.slice(slash + 1) };
});
/** RFC 3339. */
export const timeField = parsedField(v.string(), parseTime);
/** Seconds since 1970. */
export const secondsField = parsedField(v.pipe(v.number(), v.finite()), (seconds) => toTime(seconds * 1000));
export const eventIdField = v.pipe(
  v.string(),
  v.regex(/^[\x21-\x7e]+$/, 'expected an identifier of printable ASCII'),
  v.maxLength(MAX_EVENT_ID_LENGTH, `expected at most ${MAX_EVENT_ID_LENGTH} characters`),
);

/** @throws InputError */
export function parseTag(text: string): string {
  const { tag } = parseReference(`${PROBE}:${text}`);
  if (tag === text) return tag;
  throw new InputError('BodyInvalid', 'expected a tag');
}
