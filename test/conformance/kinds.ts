import { clusterImageSetAdmission, releaseImageCondition, verifierConfig } from './kinds/hive.ts';
import { policyEval, requirementEval, verifyManifestSignature } from './kinds/images.ts';
import { importKeyring, untrustedContents, verifyMessageKind, verifyRelease } from './kinds/openpgp.ts';
import { simpleSigningRelease, simpleSigningStrict } from './kinds/payload.ts';
import {
  match,
  parseReferenceKind,
  policyJson,
  referenceMatchJson,
  remap,
  remapPrefixMatch,
  requirementJson,
  requirementsLookup,
  scopeLookup,
} from './kinds/policy.ts';
import { lookasideUrl, signatureUrl } from './kinds/registriesd.ts';
import {
  blobFormat,
  clusterImagePolicy,
  fulcioCertificate,
  payloadJson,
  payloadVerify,
  pkiCertificate,
  rekorPayloadJson,
  rekorSetJson,
  rekorSetVerify,
  sigstoreRequirement,
} from './kinds/sigstore.ts';
import { configMap, httpStoreWalk, releaseDigest, releaseVerify } from './kinds/trust.ts';
import type { Vector } from './read-vectors.ts';

/** Does what a case asks for: returns its output, or throws the rejection. */
export type KindRunner = (
  vector: Vector,
) => Promise<Readonly<Record<string, unknown>>> | Readonly<Record<string, unknown>>;

/** Every area and kind that vectors may have; what Signet cannot do yet says so and is counted. */
const KINDS: Readonly<Record<string, Readonly<Record<string, KindRunner | 'unsupported'>>>> = {
  openpgp: {
    'blob-format': blobFormat,
    'import-keyring': importKeyring,
    'untrusted-contents': untrustedContents,
    'verify-manifest-signature': verifyManifestSignature,
    'verify-message': verifyMessageKind,
    'verify-release': verifyRelease,
  },
  payload: {
    'simple-signing-release': simpleSigningRelease,
    'simple-signing-strict': simpleSigningStrict,
  },
  trust: {
    'cluster-image-policy': clusterImagePolicy,
    configmap: configMap,
    'http-store-walk': httpStoreWalk,
    'release-digest': releaseDigest,
    'release-verify': releaseVerify,
  },
  hive: {
    'clusterimageset-admission': clusterImageSetAdmission,
    'release-image-condition': releaseImageCondition,
    'verifier-config': verifierConfig,
  },
  policy: {
    match,
    'parse-reference': parseReferenceKind,
    'policy-eval': policyEval,
    'policy-json': policyJson,
    'reference-match-json': referenceMatchJson,
    remap,
    'remap-prefix-match': remapPrefixMatch,
    'requirement-eval': requirementEval,
    'requirement-json': requirementJson,
    'requirements-lookup': requirementsLookup,
    'scope-lookup': scopeLookup,
  },
  registriesd: {
    'lookaside-url': lookasideUrl,
    'signature-url': signatureUrl,
  },
  sigstore: {
    'fulcio-cert': fulcioCertificate,
    'payload-json': payloadJson,
    'payload-verify': payloadVerify,
    'pki-cert': pkiCertificate,
    'rekor-payload-json': rekorPayloadJson,
    'rekor-set-json': rekorSetJson,
    'rekor-set-verify': rekorSetVerify,
    'requirement-eval': sigstoreRequirement,
  },
};

/** Undefined for an area or kind that the runner does not know. */
export function findKind(area: string, kind: string): KindRunner | 'unsupported' | undefined {
  const kinds = Object.hasOwn(KINDS, area) ? KINDS[area] : undefined;
  return kinds !== undefined && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
}
