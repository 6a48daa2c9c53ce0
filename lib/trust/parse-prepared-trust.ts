// `zod/mini`, not `zod`: functions load this on their way to the first reply, and it is a fifth of the size.
import * as z from 'zod/mini';
import { ConfigurationError } from '../errors/configuration-error.ts';
import { isRepository } from '../pullspec/reference.ts';
import type { Repository } from '../pullspec/repository.ts';
import { checkUsable } from './check-usable.ts';
import { sha256Field } from './parse-current-trust.ts';
import { preparedKeyringSchema } from './prepared-keyring-schema.ts';
import { MAX_DOCUMENTS, MAX_KEYRINGS, type MirrorRule, type PolicyFile, type PreparedTrust } from './prepared-trust.ts';
import { isProfileName } from './profile-name.ts';
import { readSchema } from './read-schema.ts';
import { trustRevision } from './trust-revision.ts';

type Shape<T> = { readonly [K in keyof T]-?: z.ZodMiniType };

const text = z.string().check(z.minLength(1));
const repository = z.custom<Repository>((value) => typeof value === 'string' && isRepository(value));

const mirrorRule = z.strictObject({
  source: text,
  mirrors: z.array(text),
  neverContactSource: z.boolean(),
  tagsOnly: z.optional(z.boolean()),
  origin: text,
} satisfies Shape<MirrorRule>);

const imagePolicy = z.strictObject({
  kind: z.enum(['ClusterImagePolicy', 'ImagePolicy', 'policy.json']),
  name: text,
  document: text,
  coverage: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('scopes'), scopes: z.array(text).check(z.minLength(1)) }),
    z.strictObject({ kind: z.literal('everything') }),
  ]),
  content: z.unknown(),
} satisfies Shape<PreparedTrust['imagePolicies'][number]>);

const preparedTrust: z.ZodMiniType<PreparedTrust> = z.strictObject({
  schema: z.literal(1),
  profile: z.string().check(z.refine(isProfileName)),
  revision: sha256Field,
  verification: z.enum(['enabled', 'disabled']),
  canonicalRepositories: z.array(repository).check(z.minLength(1)),
  signedRepositories: z.array(repository).check(z.minLength(1)),
  signedRepository: z.enum(['enforce', 'off']),
  mode: z.enum(['enforce', 'warn']),
  force: z.enum(['allow', 'deny']),
  require: z.enum(['configured', 'openpgp', 'sigstore']),
  bundleIdentity: z.enum(['refuse', 'digest']),
  graphAliases: z.record(repository, repository),
  pushSources: z.array(
    z.strictObject({ source: text, registry: text, repository: text, mirrorOf: z.optional(repository) }),
  ),
  keyrings: z.array(preparedKeyringSchema).check(z.maxLength(MAX_KEYRINGS)),
  stores: z.array(z.strictObject({ url: text, origin: text })),
  storeAccess: z.strictObject({
    allowPrivateAddresses: z.boolean(),
    allowLocal: z.boolean(),
    ca: z.optional(text),
  }),
  registries: z.strictObject({ allowed: z.array(text) }),
  imagePolicies: z.array(imagePolicy),
  registriesD: z.array(z.strictObject({ document: text, content: z.unknown() })),
  // Trust that was prepared before Signet read policies has neither.
  policyKeyrings: z.prefault(z.array(preparedKeyringSchema), []),
  policyFiles: z.prefault(z.array(z.strictObject({ name: text, bytes: z.string() } satisfies Shape<PolicyFile>)), []),
  mirrorRules: z.array(mirrorRule),
  documents: z
    .array(z.strictObject({ name: text, sha256: sha256Field }))
    .check(z.minLength(1), z.maxLength(MAX_DOCUMENTS)),
  warnings: z.array(z.string()),
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
