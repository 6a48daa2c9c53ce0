import { type Digest, isDigest } from '../../base/names/digest.ts';
import type { PullFault, ReleaseState, Statement, VerifierFault } from './explanation.ts';

/** A regular expression that is tried at the start of each word, and the statement that it stands for. */
export interface Pattern {
  /** Sticky, so that it matches at one place only; without nested repetition, so that it takes linear time. */
  readonly words: RegExp;
  /** Undefined when the words do not count after all, for example because the digest is invalid. */
  readonly read: (match: RegExpExecArray) => Statement | undefined;
}

/** A string as Go's `%q` writes it. Bounded: an unclosed quote would be scanned again from every word. */
const QUOTED = String.raw`"((?:[^"\\\n]|\\.){0,2048})"`;

/** A pattern of a regular expression. */
export function pattern(words: string, read: Pattern['read'] = () => ({ kind: 'known' })): Pattern {
  return { words: new RegExp(words, 'y'), read };
}

const NAMED = `version=${QUOTED} image=${QUOTED}`;
// library-go's verifierPublicKeyPrefix, then the rest of a ConfigMap key without a final full stop.
const KEYRING = String.raw`verifier-public-key-[-\w]+(?:\.[-\w]+)*`;
/** To the end of the line. */
const REST = String.raw`([^\n]*)`;

/** Messages of the cluster-version operator (pkg/cvo), of library-go's pkg/verify, and of Hive. */
export const RELEASE_PATTERNS: readonly Pattern[] = [
  release(`Retrieving payload failed ${NAMED} failure=`, 'refused'),
  release(
    `Target release ${NAMED} cannot be verified, but continuing anyway because the update was forced: `,
    'forced',
  ),
  release(`Retrieving and verifying payload ${NAMED}`, 'retrieving'),
  release(`Payload loaded ${NAMED}(?: architecture=${QUOTED})?`, 'loaded'),
  release(`Loading payload ${NAMED}`, 'retrieving'),
  release(`Loading payload failed ${NAMED} failure=${REST}`, 'not-loaded'),
  release(
    String.raw`Verifying payload failed ${NAMED} failure=release image version \S+ does not match the expected upstream version \S+`,
    'other-version',
  ),
  release(`Preconditions failed for payload loaded ${NAMED}: ${REST}`, 'preconditions-failed'),
  release(`preconditions passed for payload loaded ${NAMED}`, 'retrieving'),
  pattern('The update cannot be verified: '),
  pattern(
    `unable to verify (sha[0-9]+:[0-9a-f]+) against keyrings: (${KEYRING}(?:, ${KEYRING})*)`,
    ([, digest = '', keyrings = '']) =>
      isDigest(digest) ? { kind: 'unverified', digest, keyrings: keyrings.split(', ') } : undefined,
  ),
  verifier('release images that are not accessed via digest cannot be verified', 'not-by-digest'),
  verifier('only digest based release images are supported since release verification is required', 'not-by-digest'),
  verifier(`the provided release image digest has an invalid format: ${QUOTED}`, 'digest-invalid'),
  verifier('release image digest is invalid', 'digest-invalid'),
  verifier('the release verifier is incorrectly configured, unable to verify digests', 'no-trust'),
  verifier('verification is not possible', 'no-trust'),
  pattern(`Unable to download and prepare the update: ${REST}`, ([, text = '']) => ({ kind: 'download', text })),
  pattern(`spec\\.releaseImage: Invalid value: ${QUOTED}: `, ([, image = '']) => ({
    kind: 'release',
    state: 'refused',
    version: '',
    image,
  })),
  pattern(String.raw`release[Ii]mage="?([^\s",]{1,2048})"?`, ([, image = '']) => ({ kind: 'image', image })),
  pattern(String.raw`releaseDigest="?[^\s",]*"?`),
  ...[
    'the image may not be safe to use',
    'could not download the update',
    'Verification of release image failed',
    String.raw`Unable to apply \S+: `,
    String.raw`Error while reconciling \S+: `,
    String.raw`Cluster version is \S+`,
    'ReleaseAccepted=(?:True|False|Unknown)',
    String.raw`(?:ReleaseAccepted|RetrievePayloadFailed|RetrievePayload|LoadPayloadFailed|LoadPayload|PayloadLoaded|VerifyPayloadVersionFailed|VerifyPayloadVersion|PreconditionChecks|ImageVerificationFailed|UpdatePayloadRetrievalFailed|InstallImagesNotResolved|ReleaseImageVerificationFailed)(?!\w)`,
    String.raw`clusterversions?(?:\.config\.openshift\.io)?/version(?!\w)`,
  ].map((words) => pattern(words)),
];

function release(words: string, state: ReleaseState): Pattern {
  return pattern(words, ([, version = '', image = '']) => ({ kind: 'release', state, version, image }));
}

function verifier(words: string, kind: VerifierFault): Pattern {
  return pattern(words, ([text]): Statement => ({ kind: 'verifier', fault: kind, text }));
}

/** Up to the next reason of several, or the end of the line. */
const REASON = String.raw`[^;\n]*`;
const IMAGE = String.raw`(?:docker://)?([^\s"]{1,2048})`;

/** Messages of the kubelet, of CRI-O, and of containers/image (signature/policy_eval*.go). */
export const PULL_PATTERNS: readonly Pattern[] = [
  pull(`Failed to pull image ${QUOTED}: `),
  pull(`Back-off pulling image ${QUOTED}(?:: )?`),
  pull(`Pulling image ${QUOTED}`),
  pull(String.raw`image pull failed for (\S{1,2048}) because the signature validation failed(?:: )?`),
  pull(`Trying to pull ${IMAGE}\\.\\.\\.`),
  pattern(`image=${QUOTED}`, ([, image = '']) => ({ kind: 'image', image })),
  fault(
    String.raw`A signature was required, but no signature exists(?: \([0-9]+ non-sigstore signatures, [0-9]+ sigstore non-signature attachments\))?`,
    'no-signature',
  ),
  rejected(`Running image ${IMAGE} is rejected by policy\\.`),
  rejected(`Any signatures for image ${IMAGE} are rejected by policy\\.`),
  pattern(`Signature for identity ${QUOTED} is not accepted`, ([text, identity = '']) => ({
    kind: 'pull-fault',
    fault: 'identity',
    text,
    identity,
  })),
  fault(String.raw`Signature for digest \S+ does not match`, 'digest'),
  fault(`cryptographic signature verification failed${REASON}`, 'key'),
  fault(`Invalid GPG signature: ${REASON}`, 'key'),
  fault('Key not found for key ID [0-9a-fA-F]+ in signature', 'key'),
  fault('signature by key [0-9A-F]+(?: of [0-9A-F]+)? is not accepted', 'key'),
  fault('No public keys imported', 'key'),
  fault(`No public key verified against the RekorSET${REASON}`, 'key'),
  fault(`Required email ${QUOTED} not found${REASON}`, 'certificate'),
  fault(`Unexpected Fulcio OIDC issuer ${QUOTED}`, 'certificate'),
  fault(`veryfing leaf certificate failed: ${REASON}`, 'certificate'),
  fault(String.raw`reading manifest \S+ in \S+: [^\n]*`, 'registry'),
  ...[
    'None of the signatures were accepted, reasons: ',
    'Source image rejected: ',
    'SignatureValidationFailed(?:: )?',
    'copying system image from manifest list: ',
    'unable to pull image or OCI artifact: pull image err: ',
    String.raw`rpc error: code = \w+ desc = `,
    'pulling image: ',
    'PullImage from image service failed',
    String.raw`Error: (?:ErrImagePull|ImagePullBackOff|SignatureValidationFailed)(?!\w)`,
    String.raw`(?:ErrImagePull|ImagePullBackOff)(?!\w)`,
  ].map((words) => pattern(words)),
];

function pull(words: string): Pattern {
  return pattern(words, ([, image = '']) => ({ kind: 'pull', image }));
}

function fault(words: string, kind: PullFault): Pattern {
  return pattern(words, ([text]) => ({ kind: 'pull-fault', fault: kind, text }));
}

function rejected(words: string): Pattern {
  return pattern(words, ([text, image = '']) => ({
    kind: 'pull-fault',
    fault: 'rejected-by-policy',
    text,
    identity: image,
  }));
}

/** A digest as pullspecs, signature stores and ConfigMap keys write it. */
const SPELLED = /(?<![A-Za-z0-9])(sha(?:256|384|512))[:=-]([0-9a-f]+)(?![A-Za-z0-9])/g;

/** The digests in a text, each once. A truncated or malformed one is ignored. */
export function findDigests(text: string): readonly Digest[] {
  const found = [...text.matchAll(SPELLED)].map(([, algorithm = '', hex = '']) => `${algorithm}:${hex}`);
  return [...new Set(found.filter(isDigest))];
}
