import { isDigest } from '../../../base/names/digest.ts';
import { findDigests, from, type Origin, type Pattern, QUOTED, REST, type Row, toName } from './pattern.ts';
import type { Statement, VerifierFault } from './statement.ts';
import { readAnswer } from './store-answers.ts';

const DIGEST = '(sha[0-9]+:[0-9a-f]+)';
// library-go's verifierPublicKeyPrefix, then the rest of a ConfigMap key without a final full stop.
const KEYRING = String.raw`verifier-public-key-[-\w]+(?:\.[-\w]+)*`;

const verify = (versions: string, source: string): Origin => ({
  program: 'library-go',
  versions,
  source: `openshift/library-go pkg/verify/${source}`,
});

/** What the verifier of releases says, which the cluster-version operator, Hive and oc share. */
export const VERIFIER_PATTERNS: readonly Pattern[] = [
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
    `internal error: the store \\S{1,2048} type is unrecognized, cannot verify signatures`,
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
      String.raw`store (\S{1,2048}) could not load signatures: ${REST}`,
      ([, url = '', text = '']) => ({
        kind: 'asked',
        digest: findDigests(text)[0],
        asked: { place: { kind: 'url', url }, answer: 'failed', text },
      }),
    ],
    [
      `(?:unable to load signature|could not build request to check signature): ${REST}`,
      ([text]) => ({
        kind: 'asked',
        digest: undefined,
        asked: { place: { kind: 'stores', urls: [] }, answer: 'failed', text },
      }),
    ],
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
    [
      `spec\\.releaseImage: Invalid value: ${QUOTED}: `,
      ([, image = '']) => ({ kind: 'release', state: 'refused', version: '', image: toName(image) }),
    ],
    verifier(
      '(?:Release Image verification failed to be configured|failed to read ConfigMap for release image verification|namespace must be set for Release Image verifier ConfigMap)',
      'no-trust',
    ),
    String.raw`verifying the release image using [^"\n]*`,
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
    tampered('failed to retrieve cached signatures'),
    tampered(`no cached signatures for digest ${DIGEST}, just:`),
  ]),
];

function verifier(words: string, fault: VerifierFault): Row {
  return [words, ([text]) => ({ kind: 'verifier', fault, text })];
}

/** A signature that was found and does not verify. */
function refusal(words: string): Row {
  return [
    words,
    ([text, path = '', digest = '']) => ({
      kind: 'asked',
      digest: isDigest(digest) ? digest : findDigests(path)[0],
      asked: { place: { kind: 'signature' }, answer: 'refused', text },
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
