import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { isJsonObject } from '../../base/documents/json-value.ts';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { parseTrustFile } from '../documents/parse-trust-file.ts';
import type { TrustDocument } from '../prepared/trust-document.ts';

/**
 * SHA-256 of Red Hat's Sigstore key for releases, as SubjectPublicKeyInfo: of the ClusterImagePolicy `openshift` that
 * OpenShift 4.21 and later ship (openshift/cluster-update-keys, RSA-4096). That policy asks for no entry in a log, so that
 * there is no key of Rekor to pin.
 */
const REDHAT_SIGSTORE_KEY = 'ba9d26350d78893a20f337e2153a113108bfcf064085afaee60d446e63405576';
const POLICY_NAME = 'openshift';
const RELEASES = 'quay.io/openshift-release-dev/ocp-release';
/** What versions from 4.22 on want to be signed as well. */
const COMPONENTS = ['quay.io/openshift-release-dev/ocp-v4.0-art-dev', 'quay.io/openshift-release-dev/ocp-v5.0-art-dev'];

/** The policy of a release, by whose key it is that the publisher's fingerprint names. */
export interface PinnedPolicy {
  readonly keySha256: string;
  readonly scopes: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Reads the ClusterImagePolicy of a release and compares its key with the one that is built in.
 *
 * @param target minor version of the clusters, undefined where it was not said
 * @throws ConfigurationError `KeyUnreadable` for another key, another root of trust, or no such policy
 */
export function readPinnedPolicy(
  file: TrustDocument,
  target: { readonly major: number; readonly minor: number } | undefined,
): PinnedPolicy {
  // What else stood in the file would be written too.
  const [policy, ...more] = parseTrustFile(file);
  const { kind, metadata, spec } = policy?.content ?? {};
  const isNamed = kind === 'ClusterImagePolicy' && isJsonObject(metadata) && metadata['name'] === POLICY_NAME;
  if (more.length > 0 || !isNamed || !isJsonObject(spec)) {
    throw refused(file, `it is not the ClusterImagePolicy ${POLICY_NAME} of a release, alone`);
  }
  // Another identity than the default would let the pinned key vouch for other names.
  if (readMember(readMember(spec, 'policy'), 'signedIdentity') !== undefined) {
    throw refused(file, 'it has a signedIdentity, which the policy of a release has not');
  }
  const root = readMember(readMember(spec, 'policy'), 'rootOfTrust');
  const publicKey = readMember(root, 'publicKey');
  const keyData = readMember(publicKey, 'keyData');
  if (readMember(root, 'policyType') !== 'PublicKey' || typeof keyData !== 'string') {
    throw refused(file, 'its root of trust is no public key, which is all that is pinned');
  }
  // Red Hat's policy names no log; with the key of one it would not be the policy that is pinned.
  if (readMember(publicKey, 'rekorKeyData') !== undefined)
    throw refused(file, 'it names the key of a log, of which none is pinned');
  const keySha256 = digestKey(file, keyData);
  if (keySha256 !== REDHAT_SIGSTORE_KEY) {
    throw refused(file, `its key is ${keySha256}, and not Red Hat's ${REDHAT_SIGSTORE_KEY}`);
  }
  const listed = spec['scopes'];
  const scopes = Array.isArray(listed) ? listed.filter((scope) => typeof scope === 'string') : [];
  return { keySha256, scopes, warnings: listScopeWarnings(scopes, target) };
}

function listScopeWarnings(
  scopes: readonly string[],
  target: { readonly major: number; readonly minor: number } | undefined,
): readonly string[] {
  if (!scopes.includes(RELEASES)) return [`it does not cover ${RELEASES}: nothing of a release has to be signed by it`];
  if (target === undefined) return [];
  const version = `${target.major}.${target.minor}`;
  const isAtLeast = (minor: number): boolean => target.major > 4 || (target.major === 4 && target.minor >= minor);
  if (!isAtLeast(21)) return [`clusters of ${version} have no such policy: it is of a later version`];
  const missing = COMPONENTS.filter((scope) => !scopes.includes(scope));
  if (isAtLeast(22) && missing.length > 0)
    return [`clusters of ${version} cover ${missing.join(', ')} too: take the policy of that release`];
  const beyond = scopes.filter((scope) => COMPONENTS.includes(scope));
  if (!isAtLeast(22) && beyond.length > 0)
    return [`clusters of ${version} do not cover ${beyond.join(', ')}: take the policy of that release`];
  return [];
}

function digestKey(file: TrustDocument, keyData: string): string {
  let key: KeyObject;
  try {
    key = createPublicKey(Buffer.from(keyData, 'base64'));
  } catch (cause) {
    throw refused(file, 'its key cannot be read', cause);
  }
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

function readMember(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

function refused({ name }: TrustDocument, reason: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError('KeyUnreadable', reason, { position: { document: name }, cause });
}
