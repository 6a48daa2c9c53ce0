import * as v from 'valibot';
import { parsedField, toFaults } from '../../../base/documents/schema.ts';
import { InputError } from '../../../base/errors/input-error.ts';
import { isDigest, parseDigest } from '../../../base/names/digest.ts';
import { parseReference } from '../../../base/names/reference.ts';
import { parseRegistryHost } from '../../../base/names/registry-host.ts';

/** Characters of an event's identifier. */
export const MAX_EVENT_ID_LENGTH = 128;

const PROBE = 'registry.invalid/a';

/**
 * Reads the members that a schema names; others are ignored, because senders add some.
 *
 * @param prefix where in the body the value stands
 * @throws InputError `BodyInvalid` that names the first member at fault
 */
export function readEvent<T>(schema: v.GenericSchema<unknown, T>, value: unknown, prefix: readonly string[] = []): T {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [fault] = toFaults(result.issues);
  const field = [...prefix, ...(fault?.path ?? [])].join('.');
  throw toFieldError(field === '' ? 'the body' : field, fault?.message ?? 'not valid');
}

/** The error for a malformed event. */
export function toFieldError(field: string, fault: string, cause?: unknown): InputError {
  return new InputError('BodyInvalid', `${field}: ${fault}`, cause === undefined ? undefined : { cause });
}

export const digestField = parsedField(v.string(), parseDigest);
/** Several senders write an absent member as an empty one. */
export const optionalDigestField = v.optional(
  parsedField(v.string(), (text) => (text === '' ? undefined : parseDigest(text))),
);
export const tagField = parsedField(v.string(), parseTag);
export const optionalTagField = v.optional(
  parsedField(v.string(), (text) => (text === '' ? undefined : parseTag(text))),
);
/** A tag, or none: what was pushed by digest has its digest, or nothing, in the tag's place. */
export const tagOrDigestField = parsedField(v.string(), (text) =>
  // Artifactory writes a digest as it names its folder.
  text === '' || isDigest(text.replace(/^sha256__/, 'sha256:')) ? undefined : parseTag(text),
);
export const registryField = parsedField(v.string(), parseRegistryHost);
/** `host/…`: the host, parsed, and the text after it. A host is never assumed. */
export const hostedNameField = parsedField(v.string(), (text) => {
  const slash = text.indexOf('/');
  if (slash < 0) throw new InputError('BodyInvalid', 'expected registry/repository');
  return { registry: parseRegistryHost(text.slice(0, slash)), rest: text.slice(slash + 1) };
});
/** The host of an `http` or `https` URL, parsed. */
export const urlHostField = parsedField(v.string(), (text) => {
  const url = findUrlHost(text);
  if (url === undefined) throw new InputError('BodyInvalid', 'expected a URL');
  return url;
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

/** The host of an `http` or `https` URL; undefined for what is none. @throws InputError when it is no registry's host */
export function findUrlHost(text: string): string | undefined {
  const scheme = ['https://', 'http://'].find((one) => text.startsWith(one));
  return scheme === undefined ? undefined : parseRegistryHost(text.slice(scheme.length).split('/', 1)[0] ?? '');
}

/** @throws InputError */
function parseTag(text: string): string {
  const { tag } = parseReference(`${PROBE}:${text}`);
  if (tag === text) return tag;
  throw new InputError('BodyInvalid', 'expected a tag');
}

/** The only registry that the sender may speak for, where its event names none. @throws InputError `BodyInvalid` */
export function takeOnlyRegistry(scopes: readonly { readonly registry: string }[], field: string): string {
  const [registry, ...others] = new Set(scopes.map((scope) => scope.registry));
  if (registry !== undefined && others.length === 0) return registry;
  throw toFieldError(field, 'no registry is named, and the credential is for several');
}

const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;
/** What four digits can say of a year, less a day for offsets. */
const MAX_TIME_MS = Date.UTC(9999, 11, 31);

/** RFC 3339, any offset, to the same time in UTC. @throws InputError `BodyInvalid` */
function parseTime(text: string): string {
  const [, year, month, day] = RFC_3339.exec(text) ?? [];
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  // `Date.parse` takes 30 February for 2 March.
  if (date.getUTCMonth() !== Number(month) - 1) throw invalid();
  return toTime(Date.parse(text));
}

/** @param ms since 1970 @throws InputError `BodyInvalid` */
function toTime(ms: number): string {
  if (!(ms >= 0 && ms <= MAX_TIME_MS)) throw invalid();
  return new Date(ms).toISOString();
}

function invalid(): InputError {
  return new InputError('BodyInvalid', 'expected a time since 1970, as in 2026-01-31T12:00:00Z');
}
