import { z } from 'zod';
import { parseRepository } from '../../pullspec/reference.ts';
import { repositoryHost, repositoryPath } from '../../pullspec/repository.ts';
import { isProfileName } from '../profile-name.ts';
import { registryHostField, repositoryField } from './fields.ts';
import type { ParsedDocument } from './parsed-document.ts';
import { readContent } from './read-content.ts';

export const PROFILE_API_VERSION = 'signet/v1';

const pushSource = z
  .strictObject({
    source: z.enum(['ecr', 'quay', 'harbor', 'distribution', 'github', 'dockerhub']),
    registry: registryHostField,
    repository: z.string(),
    mirrorOf: repositoryField.optional(),
  })
  .transform(({ mirrorOf, registry, repository, source }, context) => {
    try {
      // As events will name it: in the canonical spelling.
      const pushed = parseRepository(`${registry}/${repository}`);
      const names = { source, registry: repositoryHost(pushed), repository: repositoryPath(pushed) };
      return mirrorOf === undefined ? names : { ...names, mirrorOf };
    } catch {
      const message = `${JSON.stringify(repository)} is not a repository of ${registry}`;
      context.addIssue({ code: 'custom', message, path: ['repository'] });
      return z.NEVER;
    }
  });

const spec = z.strictObject({
  verification: z.enum(['enabled', 'disabled']).default('enabled'),
  canonicalRepositories: z.array(repositoryField).min(1).optional(),
  signedRepositories: z.array(repositoryField).min(1).optional(),
  signedRepository: z.enum(['enforce', 'off']).default('enforce'),
  mode: z.enum(['enforce', 'warn']).default('enforce'),
  force: z.enum(['allow', 'deny']).default('allow'),
  require: z.enum(['configured', 'openpgp', 'sigstore']).default('configured'),
  bundleIdentity: z.enum(['refuse', 'digest']).default('refuse'),
  graphAliases: z.record(z.string(), repositoryField).optional(),
  pushSources: z.array(pushSource).default([]),
  stores: z
    .strictObject({
      allowPrivateAddresses: z.boolean().default(false),
      allowLocal: z.boolean().default(false),
      caFile: z.string().min(1).optional(),
    })
    .default({ allowPrivateAddresses: false, allowLocal: false }),
  registries: z.strictObject({ allowed: z.array(registryHostField).default([]) }).default({ allowed: [] }),
  ignoreKinds: z.array(z.string().min(1)).default([]),
});

/** What a profile says where it says nothing. */
const DEFAULT_SPEC = spec.parse({});

const schema = z.strictObject({
  apiVersion: z.literal(PROFILE_API_VERSION),
  kind: z.literal('Profile'),
  metadata: z.strictObject({
    name: z.string().refine(isProfileName, 'a profile is named by at most 63 letters, digits, ".", "_" and "-"'),
  }),
  spec: spec.default(DEFAULT_SPEC),
});

/** The fields of a Profile (formats F13) with their defaults. */
export type ProfileSpec = z.infer<typeof spec>;

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
