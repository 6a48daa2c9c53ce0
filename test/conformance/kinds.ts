import { importKeyring, untrustedContents, verifyMessageKind, verifyRelease } from './kinds/openpgp.ts';
import { simpleSigningRelease, simpleSigningStrict } from './kinds/payload.ts';
import { configMap, httpStoreWalk, releaseDigest, releaseVerify } from './kinds/trust.ts';
import type { Vector } from './read-vectors.ts';

/** Does what a case asks for: returns its output, or throws the rejection. */
export type KindRunner = (
  vector: Vector,
) => Promise<Readonly<Record<string, unknown>>> | Readonly<Record<string, unknown>>;

/** Every area and kind that vectors may have; what Signet cannot do yet says so and is counted. */
const KINDS: Readonly<Record<string, Readonly<Record<string, KindRunner | 'unsupported'>>>> = {
  openpgp: {
    'blob-format': 'unsupported',
    'import-keyring': importKeyring,
    'untrusted-contents': untrustedContents,
    'verify-manifest-signature': 'unsupported',
    'verify-message': verifyMessageKind,
    'verify-release': verifyRelease,
  },
  payload: {
    'simple-signing-release': simpleSigningRelease,
    'simple-signing-strict': simpleSigningStrict,
  },
  trust: {
    'cluster-image-policy': 'unsupported',
    configmap: configMap,
    'http-store-walk': httpStoreWalk,
    'release-digest': releaseDigest,
    'release-verify': releaseVerify,
  },
  hive: {
    'clusterimageset-admission': 'unsupported',
    'release-image-condition': 'unsupported',
    'verifier-config': 'unsupported',
  },
  policy: {
    match: 'unsupported',
    'parse-reference': 'unsupported',
    'policy-eval': 'unsupported',
    'policy-json': 'unsupported',
    'reference-match-json': 'unsupported',
    remap: 'unsupported',
    'remap-prefix-match': 'unsupported',
    'requirement-eval': 'unsupported',
    'requirement-json': 'unsupported',
    'requirements-lookup': 'unsupported',
    'scope-lookup': 'unsupported',
  },
  registriesd: {
    'lookaside-url': 'unsupported',
    'signature-url': 'unsupported',
  },
  sigstore: {
    'fulcio-cert': 'unsupported',
    'payload-json': 'unsupported',
    'payload-verify': 'unsupported',
    'pki-cert': 'unsupported',
    'rekor-payload-json': 'unsupported',
    'rekor-set-json': 'unsupported',
    'rekor-set-verify': 'unsupported',
    'requirement-eval': 'unsupported',
  },
};

/** Undefined for an area or kind that the runner does not know. */
export function findKind(area: string, kind: string): KindRunner | 'unsupported' | undefined {
  const kinds = Object.hasOwn(KINDS, area) ? KINDS[area] : undefined;
  return kinds !== undefined && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
}
