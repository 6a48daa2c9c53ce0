import path from 'node:path';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import type { PreparedKeyring } from '../../crypto/openpgp/keys/keyring.ts';
import { prepareKeyring } from '../../crypto/openpgp/keys/prepare-keyring.ts';
import { documentError } from '../documents/parsed-document.ts';
import type { PolicyDocument } from '../documents/policy-documents.ts';
import type { ImagePolicy } from '../policy/image-policy.ts';
import {
  describeRequirement,
  type KeySource,
  keySourceName,
  listRootSources,
  type PolicyRequirement,
} from '../policy/policy-requirement.ts';
import { isCheckable, prepareCheck } from '../policy/prepare-check.ts';
import type { PolicyFile } from '../prepared/prepared-trust.ts';
import type { TrustDocument } from '../prepared/trust-document.ts';
import { KEYS_FOLDER } from './trust-files.ts';

/** What the policies of a profile are evaluated with. */
export interface PolicyKeys {
  /** One for each source of keys that an OpenPGP requirement names; its name is the source's. */
  readonly keyrings: readonly PreparedKeyring[];
  /** What Sigstore requirements name by path. */
  readonly files: readonly PolicyFile[];
  /** The files of the profile that these came from: part of its trust. */
  readonly used: readonly TrustDocument[];
  readonly warnings: readonly string[];
}

/**
 * Finds and prepares what a profile's policy.json names: `/etc/pki/rpm-gpg/RPM-GPG-KEY-x` on a node is
 * `keys/RPM-GPG-KEY-x` among the profile's files. A policy one of whose files is missing does not load.
 *
 * @throws ConfigurationError `TrustMissing`, `DocumentInvalid`, or of the key file
 */
export async function preparePolicyKeys(
  policies: readonly PolicyDocument[],
  files: readonly TrustDocument[],
): Promise<PolicyKeys> {
  const keyrings = new Map<string, PreparedKeyring>();
  const found = new Map<string, PolicyFile>();
  const used = new Map<string, TrustDocument>();
  const warnings: string[] = [];
  for (const document of policies) {
    for (const source of listSources(document.parsed)) {
      const name = keySourceName(source.key);
      const file = source.key.kind === 'path' ? findFile(document, source.key.path, files) : undefined;
      if (file !== undefined) used.set(file.name, file);
      const bytes = source.key.kind === 'data' ? source.key.bytes : file?.bytes;
      if (bytes === undefined) continue;
      if (!source.isOpenpgp) {
        if (source.key.kind === 'path') found.set(name, { name, bytes: Buffer.from(bytes).toString('base64') });
      } else if (!keyrings.has(name)) {
        const prepared = await prepare(document, name, bytes);
        keyrings.set(name, prepared.keyring);
        warnings.push(...prepared.warnings.map((text) => `${document.source.document}: ${name}: ${text}`));
      }
    }
  }
  requireDistinct(policies);
  for (const document of policies) checkSigstore(document, found);
  return { keyrings: [...keyrings.values()], files: [...found.values()], used: [...used.values()], warnings };
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

/** Reports a key or certificate that cannot be read before a signature needs it. */
function checkSigstore({ source, parsed }: PolicyDocument, found: ReadonlyMap<string, PolicyFile>): void {
  const files = new Map([...found].map(([name, { bytes }]) => [name, Buffer.from(bytes, 'base64')]));
  for (const requirement of listRequirements(parsed)) {
    if (requirement.type !== 'sigstoreSigned') continue;
    try {
      prepareCheck(requirement, { keyrings: new Map(), sigstore: { files, bundleIdentity: 'refuse' } });
    } catch (cause) {
      if (!(cause instanceof ConfigurationError)) throw cause;
      throw documentError(cause.code, source, [], `${describeRequirement(requirement)}: ${cause.message}`, cause);
    }
  }
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
      if (key.kind !== 'path') continue;
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

async function prepare({ source }: PolicyDocument, name: string, bytes: Uint8Array): ReturnType<typeof prepareKeyring> {
  try {
    return await prepareKeyring(name, bytes);
  } catch (cause) {
    if (!(cause instanceof ConfigurationError)) throw cause;
    throw documentError(cause.code, source, [], `${name}: ${cause.message}`, cause);
  }
}
