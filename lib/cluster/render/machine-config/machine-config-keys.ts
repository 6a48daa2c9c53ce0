import { ConfigurationError } from '../../../base/errors/configuration-error.ts';
import { InputError } from '../../../base/errors/input-error.ts';
import { prepareKeyring } from '../../../crypto/openpgp/keys/prepare-keyring.ts';
import { parseTrustedCertificates } from '../../../crypto/sigstore/x509/certificate.ts';
import { parsePublicKey } from '../../../crypto/sigstore/x509/public-key.ts';
import type { ImagePolicy } from '../../../trust/policy/image-policy.ts';
import type { KeySource, PolicyRequirement, SigstoreRoot } from '../../../trust/policy/policy-requirement.ts';
import { listRootSources } from '../../../trust/policy/policy-requirement.ts';

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

/**
 * Parses each key file as the policy uses it: with an invalid one nodes would reject every image, and a private key must
 * not get onto nodes.
 *
 * @returns warnings, such as about a key that cannot sign
 * @throws ConfigurationError `KeyUnreadable` that names the path
 */
export async function checkKeyFiles(
  policy: ImagePolicy,
  keys: ReadonlyMap<string, Uint8Array>,
): Promise<readonly string[]> {
  const warnings = new Set<string>();
  for (const { source, use } of listRequirements(policy).flatMap(listUses)) {
    const bytes = source.kind === 'path' ? keys.get(source.path) : undefined;
    if (source.kind !== 'path' || bytes === undefined) continue;
    for (const warning of await readAs(use, bytes, source.path)) warnings.add(`${source.path}: ${warning}`);
  }
  return [...warnings];
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
