import * as v from 'valibot';
import { readSchema, recordOf } from '../../base/documents/schema.ts';
import { isUnixTime } from '../../base/documents/unix-time.ts';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { isPlatform, MAX_PLATFORMS } from '../../base/names/platform.ts';
import { isRepository, type Repository } from '../../base/names/reference.ts';
import {
  MAX_CERTIFICATES,
  type PreparedCertificate,
  type PreparedKey,
  type PreparedKeyring,
  type UnusableKey,
} from '../../crypto/openpgp/keys/keyring.ts';
import { MAX_EXPONENT_BITS } from '../../crypto/openpgp/packets/byte-reader.ts';
import {
  MAX_DOCUMENTS,
  MAX_KEYRINGS,
  type MirrorRule,
  type PolicyFile,
  type PreparedTrust,
  type UnusableKeys,
} from './prepared-trust.ts';
import { checkUsable, isProfileName } from './profiles.ts';
import { sha256Field, trustRevision } from './trust-document.ts';

// `satisfies` with every member: a field added to the type and forgotten here does not compile.
type Shape<T> = { readonly [K in keyof T]-?: v.GenericSchema };

const text = v.pipe(v.string(), v.minLength(1));
const fingerprint = v.pipe(v.string(), v.regex(/^(?:[0-9A-F]{40}|[0-9A-F]{64})$/));
const seconds = v.pipe(v.number(), v.check(isUnixTime, 'expected seconds since 1970'));

const material = v.variant('kind', [
  v.strictObject({
    kind: v.literal('rsa'),
    n: text,
    e: v.pipe(text, v.maxLength(Math.ceil(MAX_EXPONENT_BITS / 6))),
    bits: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  }),
  v.strictObject({ kind: v.literal('ecdsa'), curve: v.picklist(['P-256', 'P-384', 'P-521']), x: text, y: text }),
  v.strictObject({ kind: v.literal('ed25519'), x: text }),
  v.strictObject({ kind: v.literal('ed448'), x: text }),
  v.strictObject({ kind: v.literal('composite'), scheme: v.picklist(['ML-DSA-65', 'ML-DSA-87']), x: text, pub: text }),
]);

const preparedKey = v.strictObject({
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
  keys: v.pipe(v.array(preparedKey), v.minLength(1)),
  armorBlock: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
} satisfies Shape<PreparedCertificate>);

const unusableKey = v.strictObject({ name: text, reason: text, ids: v.array(text) } satisfies Shape<UnusableKey>);

/** Checks a prepared keyring that was read back: never one without a certificate. */
const preparedKeyringSchema: v.GenericSchema<unknown, PreparedKeyring> = v.strictObject({
  name: text,
  certificates: v.pipe(v.array(certificate), v.minLength(1), v.maxLength(MAX_CERTIFICATES)),
  unusable: v.optional(v.array(unusableKey)),
} satisfies Shape<PreparedKeyring>);

/** One of several files of a requirement may hold no certificate that can be used. */
const policyKeyringSchema: v.GenericSchema<unknown, PreparedKeyring> = v.strictObject({
  name: text,
  certificates: v.pipe(v.array(certificate), v.maxLength(MAX_CERTIFICATES)),
  unusable: v.optional(v.array(unusableKey)),
} satisfies Shape<PreparedKeyring>);

const repository = v.custom<Repository>((value) => typeof value === 'string' && isRepository(value));

const mirrorRule = v.strictObject({
  source: text,
  mirrors: v.array(text),
  neverContactSource: v.boolean(),
  tagsOnly: v.optional(v.boolean()),
  origin: text,
} satisfies Shape<MirrorRule>);

const imagePolicy = v.strictObject({
  kind: v.picklist(['ClusterImagePolicy', 'ImagePolicy', 'policy.json']),
  name: text,
  document: text,
  coverage: v.variant('kind', [
    v.strictObject({ kind: v.literal('scopes'), scopes: v.pipe(v.array(text), v.minLength(1)) }),
    v.strictObject({ kind: v.literal('everything') }),
  ]),
  content: v.unknown(),
} satisfies Shape<PreparedTrust['imagePolicies'][number]>);

const preparedTrust: v.GenericSchema<unknown, PreparedTrust> = v.strictObject({
  schema: v.literal(1),
  profile: v.pipe(v.string(), v.check(isProfileName)),
  revision: sha256Field,
  verification: v.picklist(['enabled', 'disabled']),
  canonicalRepositories: v.pipe(v.array(repository), v.minLength(1)),
  signedRepositories: v.pipe(v.array(repository), v.minLength(1)),
  signedRepository: v.picklist(['enforce', 'off']),
  mode: v.picklist(['enforce', 'warn']),
  force: v.picklist(['allow', 'deny']),
  componentImages: v.optional(v.picklist(['deny', 'warn'])),
  require: v.picklist(['configured', 'openpgp', 'sigstore']),
  bundleIdentity: v.picklist(['refuse', 'digest']),
  platforms: v.optional(
    v.pipe(v.array(v.pipe(v.string(), v.check(isPlatform))), v.minLength(1), v.maxLength(MAX_PLATFORMS)),
  ),
  graphAliases: recordOf(repository, repository),
  pushSources: v.array(
    v.strictObject({ source: text, registry: text, repository: text, mirrorOf: v.optional(repository) }),
  ),
  keyrings: v.pipe(v.array(preparedKeyringSchema), v.maxLength(MAX_KEYRINGS)),
  stores: v.array(v.strictObject({ url: text, origin: text })),
  storeAccess: v.strictObject({
    allowPrivateAddresses: v.boolean(),
    allowLocal: v.boolean(),
    ca: v.optional(text),
  }),
  registries: v.strictObject({ allowed: v.array(text) }),
  imagePolicies: v.array(imagePolicy),
  registriesD: v.array(v.strictObject({ document: text, content: v.unknown() })),
  // Trust that was prepared before Signet read policies has neither.
  policyKeyrings: v.optional(v.array(policyKeyringSchema), []),
  policyFiles: v.optional(v.array(v.strictObject({ name: text, bytes: v.string() } satisfies Shape<PolicyFile>)), []),
  unusablePolicyKeys: v.optional(v.array(v.strictObject({ name: text, fault: text } satisfies Shape<UnusableKeys>))),
  mirrorRules: v.array(mirrorRule),
  documents: v.pipe(
    v.array(v.strictObject({ name: text, sha256: sha256Field })),
    v.minLength(1),
    v.maxLength(MAX_DOCUMENTS),
  ),
  warnings: v.array(v.string()),
} satisfies Shape<PreparedTrust>);

/**
 * Reads prepared trust back. What requires nothing, or says another revision than its documents have, is refused.
 *
 * @param key For messages.
 * @throws ConfigurationError `SchemaUnsupported`, `RevisionInvalid` or `TrustUnusable`
 */
export function parsePreparedTrust(key: string, bytes: Uint8Array): PreparedTrust {
  const trust = readSchema(preparedTrust, key, bytes);
  if (trustRevision(trust.documents) !== trust.revision) {
    throw new ConfigurationError('RevisionInvalid', 'the revision is not that of its documents', {
      position: { document: key },
    });
  }
  checkUsable(trust);
  return trust;
}
