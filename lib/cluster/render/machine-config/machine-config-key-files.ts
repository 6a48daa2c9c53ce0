import { ConfigurationError } from '../../../base/errors/configuration-error.ts';
import { prepareKeyring } from '../../../crypto/openpgp/keys/prepare-keyring.ts';
import { parseTrustedCertificates } from '../../../crypto/sigstore/x509/certificate.ts';
import { parsePublicKey } from '../../../crypto/sigstore/x509/public-key.ts';
import type { ImagePolicy } from '../../../trust/policy/image-policy.ts';
import type { KeySource, PolicyRequirement, SigstoreRoot } from '../../../trust/policy/policy-requirement.ts';
import { listRequirements } from './machine-config-keys.ts';

type KeyUse = 'OpenPGP keys' | 'public key' | 'certificates';

/**
 * Reads each key file as what the policy uses it for: by a file that is none nodes would reject every image, and a
 * private key has no business on them.
 *
 * @returns warnings, such as of a key that can sign nothing
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
    throw new ConfigurationError(cause.code, `the policy takes it for ${use}: ${cause.message}`, {
      cause,
      position: { document: keyPath },
    });
  }
}

function listUses(requirement: PolicyRequirement): readonly { readonly source: KeySource; readonly use: KeyUse }[] {
  if (requirement.type === 'sigstoreSigned') return listRootUses(requirement.root);
  // Of another keyType nodes read no file: such a policy is a lock-out.
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
