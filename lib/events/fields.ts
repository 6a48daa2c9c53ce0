import * as z from 'zod/mini';
import { InputError } from '../errors/input-error.ts';
import { parseRegistryHost } from '../image-policy/parse-registry-host.ts';
import { parseDigest } from '../pullspec/digest.ts';
import { parseReference } from '../pullspec/reference.ts';
import { parseTime, toTime } from './parse-time.ts';

/** Characters of an event's identifier. */
export const MAX_EVENT_ID_LENGTH = 128;

const PROBE = 'registry.invalid/a';

/** A member that a parser converts; what it refuses becomes a fault of the member. */
export function parsedField<From, To>(from: z.ZodMiniType<From>, parse: (value: From) => To) {
  return z.pipe(
    from,
    z.transform((value: From, context): To => {
      try {
        return parse(value);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        context.issues.push({ code: 'custom', message: error.message, input: value });
        return z.NEVER;
      }
    }),
  );
}

export const digestField = parsedField(z.string(), parseDigest);
/** Several senders write an absent member as an empty one. */
export const optionalDigestField = z.optional(
  parsedField(z.string(), (text) => (text === '' ? undefined : parseDigest(text))),
);
export const tagField = parsedField(z.string(), parseTag);
export const optionalTagField = z.optional(
  parsedField(z.string(), (text) => (text === '' ? undefined : parseTag(text))),
);
export const registryField = parsedField(z.string(), parseRegistryHost);
/** `host/…`: the host, parsed, and the text after it. A host is never assumed. */
export const hostedNameField = parsedField(z.string(), (text) => {
  const slash = text.indexOf('/');
  if (slash < 0) throw new InputError('BodyInvalid', 'expected registry/repository');
  return { registry: parseRegistryHost(text.slice(0, slash)), rest: text.slice(slash + 1) };
});
/** RFC 3339. */
export const timeField = parsedField(z.string(), parseTime);
/** Seconds since 1970. */
export const secondsField = parsedField(z.number(), (seconds) => toTime(seconds * 1000));
export const eventIdField = z
  .string()
  .check(
    z.regex(/^[\x21-\x7e]+$/, 'expected an identifier of printable ASCII'),
    z.maxLength(MAX_EVENT_ID_LENGTH, `expected at most ${MAX_EVENT_ID_LENGTH} characters`),
  );

/** @throws InputError */
export function parseTag(text: string): string {
  const { tag } = parseReference(`${PROBE}:${text}`);
  if (tag === text) return tag;
  throw new InputError('BodyInvalid', 'expected a tag');
}
