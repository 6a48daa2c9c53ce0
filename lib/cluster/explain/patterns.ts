import { from, type Pattern } from './pattern.ts';
import { PULL_PATTERNS } from './pull-patterns.ts';
import { RELEASE_PATTERNS } from './release-patterns.ts';
import { TOOL_PATTERNS } from './tool-patterns.ts';

/** A time as library-go writes it. */
export const TIME = `[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:Z|[+-][0-9]{2}:[0-9]{2})`;

/** What logs, events and `oc` add around messages. */
const AROUND: readonly Pattern[] = from(
  { program: 'logs, events and oc', versions: 'any', source: 'klog, logrus, oc' },
  [
    String.raw`[IWEF][0-9]{4} [0-9:.]+ +[0-9]+ [\w.-]+:[0-9]+\] `,
    String.raw`(?:Reason|Message|Type|Status):(?=\s)`,
    // Cells of a table, with at least two spaces after them.
    String.raw`(?:Warning|Normal|Failed|BackOff|LAST SEEN|TYPE|REASON|OBJECT|MESSAGE|kubelet)(?=\s{2}|\s?$)`,
    String.raw`[0-9]{1,4}[smhd](?:[0-9]{1,2}[smh])?(?: \(x[0-9]+ over [0-9smhd]+\))?(?=\s{2})`,
    String.raw`pod/[\w.-]+(?=\s{2})`,
    String.raw`(?:level|time)=(?:"[^"\n]{0,2048}"|\S*)`,
    `(?:msg|error|err|failure)=`,
    'Error: ',
    'Warning: ',
    'Info: ',
    'Error from server: ',
    String.raw`Error from server \([A-Za-z]{1,64}\): `,
    `${TIME}(?!: )`,
    String.raw`spec\.signatureStores(?=:)`,
    '(?:ReleaseAccepted|Upgradeable|Failing|Progressing|Available)=(?:True|False|Unknown)',
    String.raw`Unable to apply \S+: `,
    String.raw`Error while reconciling \S+: `,
    'An upgrade is in progress\\. ',
    String.raw`(?:AdminAckRequired|ReleaseAccepted|RetrievePayloadFailed|RetrievePayload|LoadPayloadFailed|LoadPayload|PayloadLoaded|VerifyPayloadVersionFailed|VerifyPayloadVersion|PreconditionChecks|ImageVerificationFailed|UpdatePayloadRetrievalFailed|InstallImagesNotResolved|ReleaseImageVerificationFailed)(?!\w)`,
    String.raw`clusterversions?(?:\.config\.openshift\.io)?/version(?!\w)`,
  ],
);

/** All of them, in the order in which they are tried. */
export const PATTERNS: readonly Pattern[] = [...RELEASE_PATTERNS, ...PULL_PATTERNS, ...TOOL_PATTERNS, ...AROUND];
