import * as v from 'valibot';
import { plainObject, recordOf } from '../../base/documents/schema.ts';
import { isPlatform, MAX_PLATFORMS } from '../../base/names/platform.ts';
import { parseRepository, repositoryHost, repositoryPath } from '../../base/names/reference.ts';
import { WEBHOOK_SOURCES } from '../../platform/secrets/webhook-credentials.ts';
import { isProfileName } from '../prepared/profiles.ts';
import { type ParsedDocument, readContent, registryHostField, repositoryField } from './parsed-document.ts';

export const PROFILE_API_VERSION = 'signet/v1';

const pushSource = v.pipe(
  v.strictObject({
    // ECR's events come from EventBridge.
    source: v.picklist(['ecr', ...WEBHOOK_SOURCES]),
    registry: registryHostField,
    repository: v.string(),
    mirrorOf: v.optional(repositoryField),
  }),
  v.rawTransform(({ dataset: { value: input }, addIssue, NEVER }) => {
    const { mirrorOf, registry, repository, source } = input;
    try {
      // Canonical spelling, as in events.
      const pushed = parseRepository(`${registry}/${repository}`);
      const names = { source, registry: repositoryHost(pushed), repository: repositoryPath(pushed) };
      return mirrorOf === undefined ? names : { ...names, mirrorOf };
    } catch {
      const message = `${JSON.stringify(repository)} is not a repository of ${registry}`;
      addIssue({
        message,
        path: [{ type: 'object', origin: 'value', input, key: 'repository', value: repository }],
      });
      return NEVER;
    }
  }),
);

const spec = v.pipe(
  plainObject,
  v.strictObject({
    verification: v.optional(v.picklist(['enabled', 'disabled']), 'enabled'),
    canonicalRepositories: v.optional(v.pipe(v.array(repositoryField), v.minLength(1))),
    signedRepositories: v.optional(v.pipe(v.array(repositoryField), v.minLength(1))),
    signedRepository: v.optional(v.picklist(['enforce', 'off']), 'enforce'),
    mode: v.optional(v.picklist(['enforce', 'warn']), 'enforce'),
    force: v.optional(v.picklist(['allow', 'deny']), 'allow'),
    componentImages: v.optional(v.picklist(['deny', 'warn']), 'deny'),
    require: v.optional(v.picklist(['configured', 'openpgp', 'sigstore']), 'configured'),
    bundleIdentity: v.optional(v.picklist(['refuse', 'digest']), 'refuse'),
    platforms: v.optional(
      v.pipe(
        v.array(
          v.pipe(v.string(), v.check(isPlatform, 'a platform is os/architecture[/variant], such as linux/amd64')),
        ),
        v.minLength(1),
        v.maxLength(MAX_PLATFORMS),
      ),
    ),
    graphAliases: v.optional(recordOf(v.string(), repositoryField)),
    pushSources: v.optional(v.array(pushSource), []),
    stores: v.optional(
      v.pipe(
        plainObject,
        v.strictObject({
          allowPrivateAddresses: v.optional(v.boolean(), false),
          allowLocal: v.optional(v.boolean(), false),
          caFile: v.optional(v.pipe(v.string(), v.minLength(1))),
        }),
      ),
      {},
    ),
    registries: v.optional(
      v.pipe(plainObject, v.strictObject({ allowed: v.optional(v.array(registryHostField), []) })),
      {},
    ),
    ignoreKinds: v.optional(v.array(v.pipe(v.string(), v.minLength(1))), []),
  }),
);

/** The defaults of a profile. */
const DEFAULT_SPEC = v.parse(spec, {});

const schema = v.strictObject({
  apiVersion: v.literal(PROFILE_API_VERSION),
  kind: v.literal('Profile'),
  metadata: v.strictObject({
    name: v.pipe(
      v.string(),
      v.check(isProfileName, 'a profile is named by at most 63 letters, digits, ".", "_" and "-"'),
    ),
  }),
  spec: v.optional(spec, {}),
});

/** The fields of a Profile (formats F13) with their defaults. */
export type ProfileSpec = v.InferOutput<typeof spec>;

export interface ProfileDocument {
  readonly kind: 'Profile';
  readonly source: ParsedDocument;
  readonly name: string;
  readonly spec: ProfileSpec;
}

/** Unknown fields reject. @throws ConfigurationError `DocumentInvalid` */
export function parseProfile(source: ParsedDocument): ProfileDocument {
  const content = readContent(schema, source);
  return { kind: 'Profile', source, name: content.metadata.name, spec: content.spec };
}

/** The spec of a profile that has no Profile document. */
export function defaultProfileSpec(): ProfileSpec {
  return DEFAULT_SPEC;
}
