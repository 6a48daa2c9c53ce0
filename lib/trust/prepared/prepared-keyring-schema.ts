import * as v from 'valibot';
import { isUnixTime } from '../../base/documents/unix-time.ts';
import {
  MAX_CERTIFICATES,
  type PreparedCertificate,
  type PreparedKey,
  type PreparedKeyring,
} from '../../crypto/openpgp/keys/keyring.ts';

// `satisfies` with every member: a field added to the type and forgotten here does not compile.
type Shape<T> = { readonly [K in keyof T]-?: v.GenericSchema };

const text = v.pipe(v.string(), v.minLength(1));
const fingerprint = v.pipe(v.string(), v.regex(/^[0-9A-F]{40}$/));
const seconds = v.pipe(v.number(), v.check(isUnixTime, 'expected seconds since 1970'));

const material = v.variant('kind', [
  v.strictObject({
    kind: v.literal('rsa'),
    n: text,
    e: text,
    bits: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  }),
  v.strictObject({ kind: v.literal('ecdsa'), curve: v.picklist(['P-256', 'P-384', 'P-521']), x: text, y: text }),
  v.strictObject({ kind: v.literal('ed25519'), x: text }),
]);

const key = v.strictObject({
  fingerprint,
  createdAt: seconds,
  assertedAt: seconds,
  expiresAt: v.optional(seconds),
  revoked: v.optional(v.string()),
  notForSigning: v.optional(v.string()),
  algorithm: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  material: v.optional(material),
} satisfies Shape<PreparedKey>);

const certificate = v.strictObject({
  fingerprint,
  userIds: v.array(v.string()),
  keys: v.pipe(v.array(key), v.minLength(1)),
  armorBlock: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
} satisfies Shape<PreparedCertificate>);

/** Checks a prepared keyring that was read back: never one without a certificate. */
export const preparedKeyringSchema: v.GenericSchema<unknown, PreparedKeyring> = v.strictObject({
  name: text,
  certificates: v.pipe(v.array(certificate), v.minLength(1), v.maxLength(MAX_CERTIFICATES)),
} satisfies Shape<PreparedKeyring>);
