import { isDigest } from '../../../base/names/digest.ts';
import { from, IMAGE, type Pattern, REST, type Row, toName } from './pattern.ts';
import type { ToolFault } from './statement.ts';

/** A line of oc-mirror v2, up to its words. */
const MIRROR_LINE = String.raw`[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9:]{8} +\[(?:ERROR|WARN)\] *: *`;
const OF_IMAGE = String.raw`(?: for ([0-9a-f]{64})(?: image ([^\s\],]{1,2048}))?)?`;
/** Words that other programs use as well are oc-mirror's behind its prefix alone. */
const IS_MIRROR = /[0-9]{4}\/[0-9]{2}\/[0-9]{2} [0-9:]{8} +\[(?:ERROR|WARN)\] *: |GenerateReleaseSignatures/;

/** What tools say that copy releases, and gates of the upgrade. */
export const TOOL_PATTERNS: readonly Pattern[] = [
  ...from({ program: 'oc-mirror', versions: '4.14 to today', source: 'openshift/oc-mirror internal/pkg/release' }, [
    behindMirror('signature error: error to get the digest of the signature manifest [^\\n]*'),
    mirror(`no signature found${OF_IMAGE}`, 'absent'),
    mirror(`(?:invalid signature|signature error(?::? openpgp: [^\\n]*)?)${OF_IMAGE}`, 'refused'),
    mirror(
      `(?:message was not signed|unable to read signature message|unmarshal json [^\\n]*)${OF_IMAGE}`,
      'no-packet',
    ),
    mirror(`unexpected openpgp\\.MessageDetails: neither Signature nor SignatureV3 is set${OF_IMAGE}`, 'no-packet'),
    mirror(`(?:reading response body )?unexpected EOF`, 'interrupted'),
    mirror(String.raw`(?:Failed to generate signature ConfigMap: |GenerateSignatureConfigMap\] )[^\n]*`, 'config-map'),
    behindMirror('signature for [0-9a-f]{64} not in cache'),
    behindMirror('parsing image digest'),
    behindMirror(`could not read ${REST}`),
    [
      'No release signatures found in archive, skipping',
      ([text]) => ({ kind: 'tool', tool: 'oc-mirror', fault: 'config-map', text, digest: undefined }),
    ],
    'generate release signatures: error list ',
    'setupWorkingDir for signatures ',
    String.raw`(?:GenerateReleaseSignatures|ReleaseImageCollector|OperatorImageCollector|AdditionalImagesCollector|HelmImageCollector|Executor|Worker|Batch)\] `,
    [`error mirroring image ${IMAGE} error: `, ([, image = '']) => ({ kind: 'pull', image: toName(image) })],
    `Invalid URL provided in OCP_SIGNATURE_URL: ${REST}`,
    String.raw`${MIRROR_LINE}(?=\S)`,
    String.raw`[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9:]{8} +\[(?:INFO|DEBUG|TRACE)\] *: *[^\n]*`,
  ]),
  ...from(
    {
      program: 'machine-config operator',
      versions: '4.20',
      source: 'openshift/machine-config-operator, SigstoreMsg',
    },
    [
      [
        String.raw`This cluster has mirrors configured\. ([0-9]+\.[0-9]+) will require Sigstore signatures for (\S{1,255}) release verification\.(?: Please ensure that any registries configured as mirrors of \S+ images contain the Sigstore signature images associated with any release images before updating to [0-9.]+[0-9]\.)?(?: See \S+)?`,
        ([text, version = '', repository = '']) => ({ kind: 'gate', version, repository, text }),
      ],
      [
        String.raw`ack-4\.20-sigstore-in-4\.21(?:=true)?`,
        ([text]) => ({ kind: 'gate', version: '4.21', repository: 'quay.io/openshift-release-dev/ocp-release', text }),
      ],
    ],
  ),
  ...from(
    { program: 'oc', versions: '4.6 to today', source: 'openshift/oc pkg/cli/admin/release, pkg/cli/admin/upgrade' },
    [
      [
        'An image was retrieved that failed verification: ',
        ([text]) => ({ kind: 'unverified-copy', text: text.slice(0, -2) }),
      ],
      [
        'No release authenticity verification is configured, all releases are considered unverified',
        ([text]) => ({ kind: 'unverified-copy', text }),
      ],
      'Unable to load configmap verifier: ',
      String.raw`force overrides cluster verification of your supplied release image and waives any update precondition failures\.[^\n]*`,
      `Using by-tag pull specs is dangerous, ${REST}`,
    ],
  ),
];

function mirror(words: string, fault: ToolFault): Row {
  return [
    words,
    ([text, hex = '', image], line) => {
      if (hex === '' && !IS_MIRROR.test(line)) return undefined;
      const digest = `sha256:${hex}`;
      const named = isDigest(digest) ? digest : undefined;
      return { kind: 'tool', tool: 'oc-mirror', fault, text: `${toOrigin(line)}${text}`, digest: named, image };
    },
  ];
}

/** The function that said it, as the log names it. */
function toOrigin(line: string): string {
  return line.endsWith('[GenerateReleaseSignatures] ') ? '[GenerateReleaseSignatures] ' : '';
}

function behindMirror(words: string): Row {
  return [words, (_, line) => (IS_MIRROR.test(line) ? { kind: 'known' } : undefined)];
}
