import { isDigest } from '../../base/names/digest.ts';
import { type Pattern, pattern, QUOTED } from './pattern.ts';
import type { ReleaseState, Statement, VerifierFault } from './statement.ts';

const NAMED = `version=${QUOTED} image=${QUOTED}`;
// library-go's verifierPublicKeyPrefix; then a key of a ConfigMap, without a full stop after it.
const KEYRING = String.raw`verifier-public-key-[-\w]+(?:\.[-\w]+)*`;
/** To the end of the line. */
const REST = String.raw`([^\n]*)`;

/** The words of the cluster-version operator (pkg/cvo), of library-go's pkg/verify, and of Hive. */
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

function verifier(words: string, fault: VerifierFault): Pattern {
  return pattern(words, ([text]): Statement => ({ kind: 'verifier', fault, text }));
}
