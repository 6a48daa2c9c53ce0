import path from 'node:path';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { warnOfNodes } from '../../crypto/openpgp/keys/cluster-certificates.ts';
import type { PreparedKeyring } from '../../crypto/openpgp/keys/keyring.ts';
import { prepareKeyFile } from '../../crypto/openpgp/keys/prepare-keyring.ts';
import { documentError, documentWarning } from '../documents/parsed-document.ts';
import type { PolicyDocument } from '../documents/policy-documents.ts';
import type { ImagePolicy } from '../policy/image-policy.ts';
import {
  describeRequirement,
  type KeySource,
  keySourceName,
  listRootSources,
  type PolicyRequirement,
} from '../policy/policy-requirement.ts';
import { isCheckable, type PolicyMaterial, prepareCheck } from '../policy/prepare-check.ts';
import { describeUnmeetableSubject } from '../policy/unmeetable-subject.ts';
import type { PolicyFile, UnusableKeys } from '../prepared/prepared-trust.ts';
import { KEYS_FOLDER, type TrustDocument } from '../prepared/trust-document.ts';

/** What the policies of a profile are evaluated with. */
export interface PolicyKeys {
  /** One for each source of keys that an OpenPGP requirement names; its name is the source's. */
  readonly keyrings: readonly PreparedKeyring[];
  /** What Sigstore requirements name by path. */
  readonly files: readonly PolicyFile[];
  /** Sources of OpenPGP keys of which none can be used. */
  readonly unusable: readonly UnusableKeys[];
  /** The files of the profile that these came from: part of its trust. */
  readonly used: readonly TrustDocument[];
  readonly warnings: readonly string[];
}

/** Where nothing names keys. */
export const NO_KEYS: PolicyKeys = { keyrings: [], files: [], unusable: [], used: [], warnings: [] };

/**
 * Finds and prepares what a profile's policy.json names: `/etc/pki/rpm-gpg/RPM-GPG-KEY-x` on a node is
 * `keys/RPM-GPG-KEY-x` among the profile's files. A policy one of whose files is missing does not load.
 *
 * A source without a usable key makes its requirements unmeetable, with a warning.
 *
 * @throws ConfigurationError `TrustMissing`, `DocumentInvalid`
 */
export async function preparePolicyKeys(
  policies: readonly PolicyDocument[],
  files: readonly TrustDocument[],
): Promise<PolicyKeys> {
  const keyrings = new Map<string, PreparedKeyring>();
  const found = new Map<string, PolicyFile>();
  const used = new Map<string, TrustDocument>();
  const unusable = new Map<string, string>();
  const warnings: string[] = [];
  for (const document of policies) {
    for (const source of listSources(document.parsed)) {
      const name = keySourceName(source.key);
      const file = namesFile(source.key) ? findFile(document, source.key.path, files) : undefined;
      if (file !== undefined) used.set(file.name, file);
      // No file has a path that is empty: on a node it cannot be read either.
      const bytes = source.key.kind === 'data' ? source.key.bytes : (file?.bytes ?? new Uint8Array());
      if (!source.isOpenpgp) {
        if (source.key.kind === 'path') found.set(name, { name, bytes: Buffer.from(bytes).toString('base64') });
      } else if (!keyrings.has(name) && !unusable.has(name)) {
        const prepared = await prepare(name, bytes);
        if ('fault' in prepared) unusable.set(name, prepared.fault);
        else keyrings.set(name, prepared.keyring);
        const said = 'fault' in prepared ? [] : [...prepared.warnings, ...warnOfNodes(bytes)];
        warnings.push(...said.map((text) => `${document.source.document}: ${name}: ${text}`));
      }
    }
  }
  requireDistinct(policies);
  const material = toMaterial(keyrings, unusable, found);
  return {
    keyrings: [...keyrings.values()],
    files: [...found.values()],
    unusable: [...unusable].map(([name, fault]) => ({ name, fault })),
    used: [...used.values()],
    warnings: [...warnings, ...policies.flatMap((document) => warnOfUnmeetable(document, material))],
  };
}

function namesFile(key: KeySource): key is Extract<KeySource, { kind: 'path' }> {
  return key.kind === 'path' && key.path !== '' && !key.path.includes('\0');
}

function toMaterial(
  keyrings: PolicyMaterial['keyrings'],
  unusable: PolicyMaterial['unusable'],
  found: ReadonlyMap<string, PolicyFile>,
): PolicyMaterial {
  const files = new Map([...found].map(([name, { bytes }]) => [name, Buffer.from(bytes, 'base64')]));
  return { keyrings, unusable, sigstore: { files, bundleIdentity: 'refuse' } };
}

/** Says before a signature needs it that none will satisfy a requirement. The others of the policy keep working. */
function warnOfUnmeetable({ source, parsed }: PolicyDocument, material: PolicyMaterial): readonly string[] {
  const warnings = listRequirements(parsed).flatMap((requirement) => {
    const check = prepareCheck(requirement, material);
    const fault = check?.kind === 'unmeetable' ? check.fault : describeUnmeetableSubject(requirement);
    if (fault === undefined) return [];
    const consequence = 'no image that it covers can be accepted';
    return [documentWarning(source, [], `${describeRequirement(requirement)}: ${fault}: ${consequence}`)];
  });
  return [...new Set(warnings)];
}

interface NamedSource {
  readonly key: KeySource;
  readonly isOpenpgp: boolean;
}

function listSources(policy: ImagePolicy): readonly NamedSource[] {
  return listRequirements(policy).flatMap(listRequirementSources);
}

function listRequirements(policy: ImagePolicy): readonly PolicyRequirement[] {
  const scopes = [...policy.transports.values()].flatMap((byScope) => [...byScope.values()]);
  return [policy.default, ...scopes].flat();
}

function listRequirementSources(requirement: PolicyRequirement): readonly NamedSource[] {
  if (isCheckable(requirement)) return requirement.keys.map((key) => ({ key, isOpenpgp: true }));
  if (requirement.type !== 'sigstoreSigned') return [];
  return listRootSources(requirement.root).map((key) => ({ key, isOpenpgp: false }));
}

function findFile({ source }: PolicyDocument, keyPath: string, files: readonly TrustDocument[]): TrustDocument {
  const name = `${KEYS_FOLDER}/${path.posix.basename(keyPath)}`;
  const file = files.find((candidate) => candidate.name === name);
  if (file !== undefined) return file;
  throw documentError('TrustMissing', source, [], `${keyPath}: the profile has no file ${name}`);
}

/** Of two paths that end alike, one file cannot be both. */
function requireDistinct(policies: readonly PolicyDocument[]): void {
  const paths = new Map<string, string>();
  for (const { source, parsed } of policies) {
    for (const { key } of listSources(parsed)) {
      if (!namesFile(key)) continue;
      const name = path.posix.basename(key.path);
      const other = paths.get(name) ?? key.path;
      if (other !== key.path) {
        const reason = `${key.path} and ${other} would both be ${KEYS_FOLDER}/${name}: name one of them otherwise`;
        throw documentError('DocumentInvalid', source, [], reason);
      }
      paths.set(name, key.path);
    }
  }
}

type Prepared = Awaited<ReturnType<typeof prepareKeyFile>> | { readonly fault: string };

async function prepare(name: string, bytes: Uint8Array): Promise<Prepared> {
  try {
    return await prepareKeyFile(name, bytes);
  } catch (error) {
    if (error instanceof ConfigurationError) return { fault: error.message };
    throw error;
  }
}
