import { isDigest } from '../../base/names/digest.ts';
import type { ReleaseState, Statement, VerifierFault } from './explanation.ts';
import { from, type Origin, type Pattern, QUOTED, REST, type Row, toName } from './pattern.ts';
import { readAnswer } from './store-answers.ts';

const NAMED = `version=${QUOTED} image=${QUOTED}`;
const DIGEST = '(sha[0-9]+:[0-9a-f]+)';
// library-go's verifierPublicKeyPrefix, then the rest of a ConfigMap key without a final full stop.
const KEYRING = String.raw`verifier-public-key-[-\w]+(?:\.[-\w]+)*`;

const operator = (versions: string, source: string): Origin => ({
  program: 'cluster-version operator',
  versions,
  source: `openshift/cluster-version-operator ${source}`,
});
const verify = (versions: string, source: string): Origin => ({
  program: 'library-go',
  versions,
  source: `openshift/library-go pkg/verify/${source}`,
});

/** What is said of a release: by the cluster-version operator, the verifier that it shares, Hive, and oc. */
export const RELEASE_PATTERNS: readonly Pattern[] = [
  ...from(operator('4.6 to today', 'pkg/cvo/sync_worker.go'), [
    release(`Retrieving payload failed ${NAMED} failure=`, 'refused'),
    release(`Retrieving payload ${NAMED}`, 'retrieving'),
    release(`Retrieving and verifying payload ${NAMED}`, 'retrieving'),
    release(`Payload loaded ${NAMED}(?: architecture=${QUOTED})?`, 'loaded'),
    release(`Loading payload ${NAMED}`, 'retrieving'),
    release(`Loading payload failed ${NAMED} failure=${REST}`, 'not-loaded'),
    release(`Verifying payload ${NAMED}`, 'retrieving'),
    release(
      String.raw`Verifying payload failed ${NAMED} failure=release image version \S+ does not match the expected upstream version \S+`,
      'other-version',
    ),
    release(`Verifying payload failed ${NAMED} failure=${REST}`, 'not-loaded'),
    release(`Preconditions failed for payload loaded ${NAMED}(?:: | failures=)${REST}`, 'preconditions-failed'),
    release(`Preconditions forced for payload loaded ${NAMED} failures=${REST}`, 'loaded'),
    release(`Precondition warning for payload loaded ${NAMED}: ${REST}`, 'loaded'),
    release(`Preconditions passed for payload loaded ${NAMED}`, 'retrieving'),
  ]),
  ...from(operator('4.1 to today', 'pkg/cvo/sync_worker.go'), [
    [
      String.raw`Running sync (\S+) \(force=(?:true|false)\)(?: on generation [0-9]+)?(?: in state \w+)?(?: at attempt [0-9]+)?`,
      ([, version = '']) => ({ kind: 'sync', version: version.replace(/^.*:/, '') }),
    ],
    String.raw`Unable to synchronize image \(waiting [^)\n]{1,64}\): `,
    'Loading payload(?=\\n)',
  ]),
  ...from(operator('4.8 to today', 'pkg/cvo/updatepayload.go'), [
    release(
      `Target release ${NAMED} cannot be verified, but continuing anyway because the update was forced: `,
      'forced',
    ),
  ]),
  ...from(operator('4.1 to today', 'pkg/cvo/updatepayload.go'), [
    'The update cannot be verified: ',
    [
      `An image was retrieved from ${QUOTED} that failed verification: `,
      ([, image = '']) => toRelease('forced', image),
    ],
    [`Unable to download and prepare the update: ${REST}`, ([, text = '']) => ({ kind: 'download', text })],
    String.raw`Forced update so reducing payload signature verifi?cation timeout to \S+`,
  ]),
  ...from(operator('4.1 to today', 'pkg/cvo/status.go'), [
    unapplied(String.raw`Unable to apply (\S+): the image may not be safe to use`, 'refused'),
    unapplied(String.raw`Error while reconciling (\S+): the image may not be safe to use`, 'refused'),
    unapplied(String.raw`Unable to apply (\S+): could not download the update`, 'not-downloaded'),
    unapplied(String.raw`Error while reconciling (\S+): could not download the update`, 'not-downloaded'),
    String.raw`Cluster version is \S+`,
    'the image may not be safe to use',
    'could not download the update',
  ]),
  ...from(verify('4.1 to 4.11', 'verify.go'), [
    verifier('unable to locate a valid signature for one or more sources', 'unsigned'),
    [
      `Unable to verify ${DIGEST} against keyring (${KEYRING})`,
      ([, digest = '', keyring = '']) =>
        isDigest(digest) ? { kind: 'unverified', digest, keyrings: [keyring] } : undefined,
    ],
    verifier('the provided release image digest contains prohibited characters', 'digest-invalid'),
    verifier('the provided (?:release image )?digest must be of the form ALGO:HASH', 'digest-invalid'),
  ]),
  ...from(verify('4.12 to today', 'verify.go'), [
    [
      `unable to verify ${DIGEST} against keyrings: (${KEYRING}(?:, ${KEYRING})*)`,
      ([, digest = '', keyrings = '']) =>
        isDigest(digest) ? { kind: 'unverified', digest, keyrings: keyrings.split(', ') } : undefined,
    ],
    verifier(`the provided release image digest has an invalid format: ${QUOTED}`, 'digest-invalid'),
  ]),
  ...from(verify('4.1 to today', 'verify.go'), [
    verifier('release images that are not accessed via digest cannot be verified', 'not-by-digest'),
    verifier('the release verifier is incorrectly configured, unable to verify digests', 'no-trust'),
    verifier('verification is not possible', 'no-trust'),
    refusal(`keyring ${QUOTED} could not verify signature(?: for ${DIGEST})?: ${REST}`),
    refusal(`signature (?:${QUOTED}|for ${DIGEST}) is not valid: ${REST}`),
    [
      `error retrieving signature for ${DIGEST}: ${REST}`,
      ([, digest = '', said = '']) => (isDigest(digest) ? toAsked(said, digest) : undefined),
    ],
    [
      String.raw`Failed to retrieve signatures for ${DIGEST}(?: \(should never happen\)|: ([^\n]*))?`,
      ([text, digest = '']) =>
        isDigest(digest)
          ? { kind: 'asked', digest, asked: { place: { kind: 'stores', urls: [] }, answer: 'failed', text } }
          : undefined,
    ],
  ]),
  ...from(verify('4.1 to today', 'configmap.go'), [
    verifier(
      `the config map [a-z0-9./-]{1,300} did not provide any (?:signature stores to read from|GPG public keys to verify signatures from) and cannot be used`,
      'no-trust',
    ),
    verifier(
      `the config map [a-z0-9./-]{1,300} has an invalid key ${QUOTED}(?: that must be a GPG public key|: must be a valid URL with scheme)${REST}`,
      'no-trust',
    ),
    verifier(String.raw`unable to read keyring with armor \(${REST}`, 'no-trust'),
    `An unexpected key was found in ${REST}`,
  ]),
  ...from(verify('4.4 to today', 'store/configmap/configmap.go'), [
    [
      `searching for (sha[0-9]+-[0-9a-f]+) in signature config map ([a-z0-9.-]+)`,
      ([text, key = '', name = '']) => toSearched(key.replace('-', ':'), name, 'searched', text),
    ],
    [
      String.raw`key \S+ from signature config map ([a-z0-9.-]+) matches ${DIGEST}`,
      ([text, name = '', digest = '']) => toSearched(digest, name, 'found', text),
    ],
    'use cached most recent signature config maps',
    `remember most recent signature config maps: ${REST}`,
    String.raw`(?:create|update) signature cache config map \S+ in namespace \S+ with [0-9]+ signatures`,
    `Unable to save signatures(?: during final flush)?: ${REST}`,
  ]),
  ...from(verify('4.1 to today', 'store/sigstore/sigstore.go'), [
    [String.raw`unable to retrieve signature from (\S+): ${REST}`, ([text]) => toAsked(text)],
    [
      String.raw`Could not find signature at store location (\S+)`,
      ([text, url = '']) => ({
        kind: 'asked',
        digest: undefined,
        asked: { place: { kind: 'url', url }, answer: 'absent', text },
      }),
    ],
  ]),
  ...from({ program: 'Hive', versions: '1', source: 'openshift/hive pkg/controller, pkg/imageset' }, [
    verifier('only digest based release images are supported since release verification is required', 'not-by-digest'),
    verifier('release image digest is invalid', 'digest-invalid'),
    [`spec\\.releaseImage: Invalid value: ${QUOTED}: `, ([, image = '']) => toRelease('refused', image)],
    [String.raw`release[Ii]mage="?([^\s",]{1,2048})"?`, ([, image = '']) => ({ kind: 'image', image })],
    String.raw`releaseDigest="?[^\s",]*"?`,
    'Verification of release image failed',
  ]),
  ...from({ program: 'oc', versions: '4.6 to today', source: 'openshift/oc pkg/cli/admin' }, [
    verifier(
      '--?to-image must be a by-digest pull spec, unless --force is also set, because release images that are not accessed via digest cannot be verified by the cluster[^\n]*',
      'not-by-digest',
    ),
    tampered('the release image failed content verification and may have been tampered with'),
    tampered(`An image was retrieved that failed verification: ${REST}`),
    tampered('failed to retrieve cached signatures'),
    tampered(`no cached signatures for digest ${DIGEST}, just:`),
  ]),
];

function release(words: string, state: ReleaseState): Row {
  return [words, ([, version = '', image = '']) => toRelease(state, image, version)];
}

function unapplied(words: string, state: ReleaseState): Row {
  return [words, ([, version = '']) => toRelease(state, '', version)];
}

function toRelease(state: ReleaseState, image: string, version = ''): Statement {
  return { kind: 'release', state, version, image: toName(image) };
}

function verifier(words: string, fault: VerifierFault): Row {
  return [words, ([text]) => ({ kind: 'verifier', fault, text })];
}

/** A signature that was found and does not verify. */
function refusal(words: string): Row {
  return [
    words,
    ([text, , digest = '']) => ({
      kind: 'asked',
      digest: isDigest(digest) ? digest : undefined,
      asked: { place: { kind: 'signature' }, answer: 'refused', text },
    }),
  ];
}

/** oc did not copy a release, or did not trust it. */
function tampered(words: string): Row {
  return [
    words,
    ([text, digest = '']) => ({
      kind: 'tool',
      tool: 'oc',
      fault: 'refused',
      text,
      digest: isDigest(digest) ? digest : undefined,
    }),
  ];
}

function toAsked(said: string, digest?: Parameters<typeof toSearched>[0]): Statement | undefined {
  const answer = readAnswer(said.trimEnd());
  if (answer === undefined) return undefined;
  const named = answer.digest ?? (digest !== undefined && isDigest(digest) ? digest : undefined);
  return { kind: 'asked', digest: named, asked: answer.asked };
}

function toSearched(digest: string, name: string, answer: 'searched' | 'found', text: string): Statement | undefined {
  if (!isDigest(digest)) return undefined;
  return { kind: 'asked', digest, asked: { place: { kind: 'config-map', name }, answer, text } };
}
