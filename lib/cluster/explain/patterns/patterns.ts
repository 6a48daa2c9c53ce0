import { ADMISSION_PATTERNS } from './admission-patterns.ts';
import { MACHINE_CONFIG_PATTERNS } from './machine-config-patterns.ts';
import { from, type Pattern } from './pattern.ts';
import { POLICY_PATTERNS } from './policy-patterns.ts';
import { PULL_PATTERNS } from './pull-patterns.ts';
import { RELEASE_PATTERNS } from './release-patterns.ts';
import { TOOL_PATTERNS } from './tool-patterns.ts';
import { VERIFIER_PATTERNS } from './verifier-patterns.ts';

/** A time as library-go writes it. */
export const TIME = `[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:Z|[+-][0-9]{2}:[0-9]{2})`;

/** What logs, events and `oc` add around messages. */
const AROUND: readonly Pattern[] = from(
  { program: 'logs, events and oc', versions: 'any', source: 'klog, logrus, oc' },
  [
    String.raw`[IWEF][0-9]{4} [0-9:.]+ +[0-9]+ [\w.-]+:[0-9]+\] `,
    String.raw`(?:Reason|Message|Type|Status):(?=\s)`,
    // Cells of a table, with at least two spaces after them.
    String.raw`(?:Warning|Normal|Failed|BackOff|LAST SEEN|TYPE|REASON|OBJECT|MESSAGE|kubelet)(?=\s{2}|\s?(?:\n|$))`,
    String.raw`[0-9]{1,4}[smhd](?:[0-9]{1,2}[smh])?(?: \(x[0-9]+ over [0-9smhd]+\))?(?=\s{2})`,
    String.raw`pod/[\w.-]+(?=\s{2})`,
    String.raw`(?:level|time)=(?:"[^"\n]{0,2048}"|\S*)`,
    `(?:msg|error|err|failure)=`,
    String.raw`[A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8} [\w.-]{1,253} [\w.@-]{1,64}(?:\[[0-9]{1,10}\])?: `,
    String.raw`[0-9]{4}/[0-9]{2}/[0-9]{2}/\[\$LATEST\][0-9a-f]{1,64}`,
    String.raw`(?:START|END|REPORT) RequestId: [^\n]*`,
    'Internal error occurred: ',
    'Error: ',
    'Warning: ',
    'Info: ',
    'Error from server: ',
    String.raw`Error from server \([A-Za-z]{1,64}\): `,
    `[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})(?!: )`,
    String.raw`spec\.signatureStores(?=:)`,
    '(?:ClusterVersion)?(?:ReleaseAccepted|Upgradeable|Failing|Progressing|Available|ReleaseAccepted)=(?:True|False|Unknown)',
    '(?:Last (?:Transition|Update|Heartbeat) Time|Observed Generation|Conditions):[^\\n]*',
    'NAME +VERSION +AVAILABLE +PROGRESSING +SINCE +STATUS',
    String.raw`version +[\w.-]{1,64} +(?:True|False|Unknown) +(?:True|False|Unknown) +[0-9smhd]{1,16}(?=\s)`,
    String.raw`(?:Failing|NodeDegraded|ReleaseAccepted|Progressing|True|False|Unknown)(?= {0,8}(?:$|\n))`,
    String.raw`Unable to apply \S+: `,
    String.raw`Error while reconciling \S+: `,
    'An upgrade is in progress\\. ',
    String.raw`(?:AdminAckRequired|ReleaseAccepted|RetrievePayloadFailed|RetrievePayload|LoadPayloadFailed|LoadPayload|PayloadLoaded|VerifyPayloadVersionFailed|VerifyPayloadVersion|PreconditionChecks|ImageVerificationFailed|UpdatePayloadRetrievalFailed|InstallImagesNotResolved|ReleaseImageVerificationFailed)(?!\w)`,
    String.raw`clusterversions?(?:\.config\.openshift\.io)?/version(?!\w)`,
  ],
);

/** All of them, in the order in which they are tried. */
export const PATTERNS: readonly Pattern[] = [
  ...RELEASE_PATTERNS,
  ...VERIFIER_PATTERNS,
  ...MACHINE_CONFIG_PATTERNS,
  ...PULL_PATTERNS,
  ...POLICY_PATTERNS,
  ...TOOL_PATTERNS,
  ...ADMISSION_PATTERNS,
  ...AROUND,
];
