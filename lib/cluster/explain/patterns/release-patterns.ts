import { from, type Origin, type Pattern, QUOTED, REST, type Row, toName } from './pattern.ts';
import type { ReleaseState, Statement } from './statement.ts';

const NAMED = `version=${QUOTED} image=${QUOTED}`;
/** What follows where the verifier refused, or where the text ends. */
const VERIFYING =
  'The update|[Uu]nable to |[Rr]elease images|the (?:release|provided|config)|verification|\\.{3}|\\s|$';

const operator = (versions: string, source: string): Origin => ({
  program: 'cluster-version operator',
  versions,
  source: `openshift/cluster-version-operator ${source}`,
});

/** What the cluster-version operator says of a release. */
export const RELEASE_PATTERNS: readonly Pattern[] = [
  ...from(operator('4.6 to today', 'pkg/cvo/sync_worker.go'), [
    release(`Retrieving payload failed ${NAMED} failure=(?=${VERIFYING})`, 'refused'),
    release(`Retrieving payload failed ${NAMED} failure=`, 'not-retrieved'),
    // Events are cut off at 1,024 characters, and terminals cut where they end.
    release(`Retrieving payload failed version=${QUOTED}(?: image="?([^"\\n]{0,2048}))?(?=\\n|$)`, 'not-retrieved'),
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
    String.raw`Payload loaded from \S{1,2048} with hash \S{1,64}(?:, architecture \w{1,64})?`,
    String.raw`syncPayload: \S{1,256} \(force=(?:true|false)\)`,
    'loadUpdatedPayload syncPayload err=',
    `No available update found matching the digest of ${REST}`,
    `Verifying release authenticity: ${REST}`,
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
    [
      `Unable to download and prepare the update: (?=[^\\n]{0,4096}(?:signature validation failed|SignatureValidationFailed|Source image rejected))`,
      ([text]) => ({ kind: 'download', text: text.slice(0, -2), isRefused: true }),
    ],
    [`Unable to download and prepare the update: ${REST}`, ([, text = '']) => ({ kind: 'download', text })],
    String.raw`pod \S{1,253} failed at pending with reason "[^"\n]{0,256}" and message "[^"\n]{0,256}" and status [^"\n]{0,256}(?=")`,
    'and message (?=")',
    'SignatureValidationFailed(?=")',
    String.raw`Forced update so reducing payload signature verifi?cation timeout to \S+`,
  ]),
  ...from(operator('4.1 to today', 'pkg/cvo/status.go'), [
    unapplied(String.raw`Unable to apply (\S+): the image may not be safe to use`, 'refused'),
    unapplied(String.raw`Error while reconciling (\S+): the image may not be safe to use`, 'refused'),
    unapplied(String.raw`Unable to apply (\S+): could not download the update`, 'not-downloaded'),
    unapplied(String.raw`Error while reconciling (\S+): could not download the update`, 'not-downloaded'),
    unapplied(
      String.raw`(?:Unable to apply|Error while reconciling) (\S+): it may not be safe to apply this update`,
      'preconditions-failed',
    ),
    String.raw`Cluster version is \S+`,
    'the image may not be safe to use',
    'could not download the update',
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
