import * as z from 'zod/mini';
import {
  MAX_CERTIFICATES,
  type PreparedCertificate,
  type PreparedKey,
  type PreparedKeyring,
} from '../openpgp/prepared-keyring.ts';

// `satisfies` with every member: a field added to the type and forgotten here does not compile.
type Shape<T> = { readonly [K in keyof T]-?: z.ZodMiniType };

const text = z.string().check(z.minLength(1));
const fingerprint = z.string().check(z.regex(/^[0-9A-F]{40}$/));
const seconds = z.int().check(z.gte(0));

const material = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('rsa'), n: text, e: text, bits: z.int().check(z.gte(1)) }),
  z.strictObject({ kind: z.literal('ecdsa'), curve: z.enum(['P-256', 'P-384', 'P-521']), x: text, y: text }),
  z.strictObject({ kind: z.literal('ed25519'), x: text }),
]);

const key = z.strictObject({
  fingerprint,
  createdAt: seconds,
  assertedAt: seconds,
  expiresAt: z.optional(seconds),
  revoked: z.optional(z.string()),
  notForSigning: z.optional(z.string()),
  algorithm: z.int().check(z.gte(0)),
  material: z.optional(material),
} satisfies Shape<PreparedKey>);

const certificate = z.strictObject({
  fingerprint,
  userIds: z.array(z.string()),
  keys: z.array(key).check(z.minLength(1)),
  armorBlock: z.int().check(z.gte(0)),
} satisfies Shape<PreparedCertificate>);

/** Checks a prepared keyring that was read back: never one without a certificate. */
export const preparedKeyringSchema: z.ZodMiniType<PreparedKeyring> = z.strictObject({
  name: text,
  certificates: z.array(certificate).check(z.minLength(1), z.maxLength(MAX_CERTIFICATES)),
} satisfies Shape<PreparedKeyring>);
