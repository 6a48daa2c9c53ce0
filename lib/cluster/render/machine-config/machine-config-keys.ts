import { ConfigurationError } from '../../../base/errors/configuration-error.ts';
import { InputError } from '../../../base/errors/input-error.ts';
import { refuseByNode, writeKeyBlock } from '../../../crypto/openpgp/keys/cluster-certificates.ts';
import { readKeyFile } from '../../../crypto/openpgp/keys/key-file.ts';
import { prepareKeyring } from '../../../crypto/openpgp/keys/prepare-keyring.ts';
import { parseTrustedCertificates } from '../../../crypto/sigstore/x509/certificate.ts';
import { parsePublicKey } from '../../../crypto/sigstore/x509/public-key.ts';
import type { ImagePolicy } from '../../../trust/policy/image-policy.ts';
import type { KeySource, PolicyRequirement, SigstoreRoot } from '../../../trust/policy/policy-requirement.ts';
import { keySourceName, listRootSources } from '../../../trust/policy/policy-requirement.ts';

/** The paths of keys and certificates in a policy, each once, sorted. */
export function listKeyPaths(policy: ImagePolicy): readonly string[] {
  const paths = listRequirements(policy).flatMap(toKeySources).flatMap(toPath);
  return [...new Set(paths)].toSorted();
}

/**
 * Compares the given keys with those that the policy names.
 *
 * @param onNode paths of keys that are already on nodes, such as a key of the operating system
 * @throws InputError `ArgumentInvalid` that names every path that is missing, unused or given twice
 */
export function checkKeys(needed: readonly string[], given: readonly string[], onNode: readonly string[]): void {
  const missing = needed.filter((path) => !given.includes(path) && !onNode.includes(path));
  if (missing.length > 0) {
    const remedy = 'give it with --key PATH=FILE, --root DIR or, if nodes have it, --key-on-node PATH';
    throw invalid(`the policy names ${missing.join(', ')}, which is not given: ${remedy}`);
  }
  const unused = [...given, ...onNode].filter((path) => !needed.includes(path));
  if (unused.length > 0) throw invalid(`the policy does not name the key ${unused.join(', ')}`);
  const both = given.find((path) => onNode.includes(path));
  if (both !== undefined) throw invalid(`the key ${both} is given both as a file and as on the nodes: leave one out`);
}

type KeyUse = 'OpenPGP keys' | 'public key' | 'certificates';

/** The key files as they are written to nodes, and what to know about them. */
export interface NodeKeys {
  readonly keys: ReadonlyMap<string, Uint8Array>;
  /** Such as about a key that cannot sign, or a certificate that is left out. */
  readonly warnings: readonly string[];
}

/**
 * Parses each key file as the policy uses it: with an invalid one nodes would reject every image, and a private key must
 * not get onto nodes. Of OpenPGP keys, certificates that nodes do not read are left out, since they take others with them.
 *
 * @throws ConfigurationError `KeyUnreadable` that names the path
 */
export async function prepareNodeKeys(policy: ImagePolicy, keys: ReadonlyMap<string, Uint8Array>): Promise<NodeKeys> {
  const written = new Map(keys);
  const warnings = new Set<string>();
  for (const uses of listRequirements(policy).map(listUses)) {
    for (const { source, use } of uses) {
      const name = source.kind === 'path' ? source.path : keySourceName(source);
      const bytes = source.kind === 'path' ? keys.get(source.path) : undefined;
      if (bytes !== undefined)
        for (const warning of await readAs(use, bytes, name)) warnings.add(`${name}: ${warning}`);
      if (use !== 'OpenPGP keys') continue;
      if (source.kind === 'data') for (const warning of warnOfData(source.bytes)) warnings.add(`${name}: ${warning}`);
      if (bytes === undefined) continue;
      const { kept, leftOut } = selectForNodes(bytes);
      if (leftOut.length === 0) continue;
      if (kept !== undefined) {
        written.set(name, Buffer.from(kept));
        for (const what of leftOut) warnings.add(`${name}: left out ${what}`);
        continue;
      }
      const nothing = `nodes read no certificate in it: ${leftOut.join('; ')}`;
      // The file has to be there all the same where a node may use another one.
      if (!uses.some((other) => isRead(other.source, keys)))
        throw new ConfigurationError('KeyUnreadable', nothing, { position: { document: name } });
      warnings.add(`${name}: ${nothing}`);
    }
  }
  return { keys: written, warnings: [...warnings] };
}

/** False for a file of which nodes read no certificate; what is on the nodes already is not known. */
function isRead(source: KeySource, keys: ReadonlyMap<string, Uint8Array>): boolean {
  const bytes = source.kind === 'path' ? keys.get(source.path) : source.bytes;
  return bytes === undefined || selectForNodes(bytes).kept !== undefined;
}

interface SelectedForNodes {
  /** The certificates that nodes read, in one armor block; undefined where there is none. */
  readonly kept: string | undefined;
  readonly leftOut: readonly string[];
}

/** @throws ConfigurationError `KeyUnreadable` */
function selectForNodes(keyFile: Uint8Array): SelectedForNodes {
  const { certificates, unusable } = readKeyFile(keyFile);
  const read = certificates.filter(({ packets }) => refuseByNode(packets) === undefined);
  const leftOut = [
    ...unusable.map(({ name, reason }) => `${name}: ${reason}`),
    ...certificates.flatMap(({ packets }) => {
      const reason = refuseByNode(packets);
      return reason === undefined ? [] : [`certificate ${packets.primary.fingerprint}: ${reason}`];
    }),
  ];
  return { kept: read.length === 0 ? undefined : writeKeyBlock(read.map(({ packets }) => packets)), leftOut };
}

/** What stands in the policy itself is not rewritten. */
function warnOfData(keyData: Uint8Array): readonly string[] {
  try {
    return selectForNodes(keyData).leftOut.map((what) => `nodes do not read ${what}; take it out of the policy`);
  } catch (cause) {
    if (!(cause instanceof ConfigurationError)) throw cause;
    return [`nodes read no keys in it: ${cause.message}`];
  }
}

async function readAs(use: KeyUse, bytes: Uint8Array, keyPath: string): Promise<readonly string[]> {
  try {
    switch (use) {
      case 'OpenPGP keys':
        return (await prepareKeyring(keyPath, bytes)).warnings;
      case 'public key':
        parsePublicKey(bytes, use);
        return [];
      case 'certificates':
        parseTrustedCertificates(bytes, use);
        return [];
      default:
        return use satisfies never;
    }
  } catch (cause) {
    if (!(cause instanceof ConfigurationError)) throw cause;
    throw new ConfigurationError(cause.code, `not valid as ${use}: ${cause.message}`, {
      cause,
      position: { document: keyPath },
    });
  }
}

function listUses(requirement: PolicyRequirement): readonly { readonly source: KeySource; readonly use: KeyUse }[] {
  if (requirement.type === 'sigstoreSigned') return listRootUses(requirement.root);
  // Nodes read no file of another keyType: such a policy is reported as a lock-out.
  if (requirement.type !== 'signedBy' || requirement.keyType !== 'GPGKeys') return [];
  return requirement.keys.map((source) => ({ source, use: 'OpenPGP keys' }));
}

function listRootUses(root: SigstoreRoot): readonly { readonly source: KeySource; readonly use: KeyUse }[] {
  const toUses = (sources: readonly KeySource[], use: KeyUse) => sources.map((source) => ({ source, use }));
  switch (root.kind) {
    case 'keys':
      return [...toUses(root.keys, 'public key'), ...toUses(root.rekorKeys, 'public key')];
    case 'fulcio':
      return [...toUses([root.ca], 'certificates'), ...toUses(root.rekorKeys, 'public key')];
    case 'pki':
      return toUses(
        root.caIntermediates === undefined ? [root.caRoots] : [root.caRoots, root.caIntermediates],
        'certificates',
      );
    default:
      return root satisfies never;
  }
}

/** The requirements of the default and of every scope. */
function listRequirements(policy: ImagePolicy): readonly PolicyRequirement[] {
  return [policy.default, ...[...policy.transports.values()].flatMap((scopes) => [...scopes.values()])].flat();
}

function toKeySources(requirement: PolicyRequirement): readonly KeySource[] {
  switch (requirement.type) {
    case 'signedBy':
      return requirement.keys;
    case 'sigstoreSigned':
      return listRootSources(requirement.root);
    case 'insecureAcceptAnything':
    case 'reject':
    case 'signedBaseLayer':
    case 'unsupported':
      return [];
    default:
      throw new TypeError(`unknown requirement ${JSON.stringify(requirement satisfies never)}`);
  }
}

function toPath(source: KeySource): readonly string[] {
  return source.kind === 'path' ? [source.path] : [];
}

function invalid(message: string): InputError {
  return new InputError('ArgumentInvalid', message);
}
