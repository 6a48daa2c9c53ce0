import { isDigest } from '../../base/names/digest.ts';
import type { ToolFault } from './explanation.ts';
import { from, IMAGE, type Pattern, REST, type Row } from './pattern.ts';

/** A line of oc-mirror v2, up to its words. */
const MIRROR_LINE = String.raw`[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9:]{8} +\[(?:ERROR|WARN)\] *: *`;
const SIGNATURES = String.raw`(?:\[GenerateReleaseSignatures\] )?`;
const OF_IMAGE = String.raw`(?: for ([0-9a-f]{64})(?: image (\S{1,2048}))?)?`;

/** What tools say that copy releases, gates of the upgrade, and admission: whatever is neither operator nor node. */
export const TOOL_PATTERNS: readonly Pattern[] = [
  ...from({ program: 'oc-mirror', versions: '4.14 to today', source: 'openshift/oc-mirror internal/pkg/release' }, [
    mirror(`${MIRROR_LINE}${SIGNATURES}no signature found${OF_IMAGE}`, 'absent'),
    mirror(`${MIRROR_LINE}${SIGNATURES}(?:invalid signature|signature error)${OF_IMAGE}`, 'refused'),
    mirror(
      `${MIRROR_LINE}${SIGNATURES}(?:message was not signed|unable to read signature message)${OF_IMAGE}`,
      'no-packet',
    ),
    mirror(
      `${MIRROR_LINE}${SIGNATURES}unexpected openpgp\\.MessageDetails: neither Signature nor SignatureV3 is set${OF_IMAGE}`,
      'no-packet',
    ),
    mirror(
      `${MIRROR_LINE}(?:\\[GenerateReleaseSignatures\\] (?:reading response body )?)?unexpected EOF`,
      'interrupted',
    ),
    mirror(
      String.raw`${MIRROR_LINE}(?:Failed to generate signature ConfigMap: |\[GenerateSignatureConfigMap\] )[^\n]*`,
      'config-map',
    ),
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
    ],
  ),
  ...from({ program: 'Signet', versions: 'any', source: 'lib/cluster/admission' }, [
    [
      String.raw`admission webhook "([\w.-]{1,253})" denied the request: ${REST}`,
      ([, name = '', text = '']) =>
        name.includes('admission.signet') ? { kind: 'denied', by: 'signet', image: findImage(text), text } : undefined,
    ],
    [
      String.raw`ValidatingAdmissionPolicy '(signet-[\w.-]{1,253})' with binding '[\w.-]{1,253}' denied request: ${REST}`,
      ([, , text = '']) => ({ kind: 'denied', by: 'signet', image: findImage(text), text }),
    ],
  ]),
  ...from(
    { program: 'policy-controller', versions: '0.5 to today', source: 'sigstore/policy-controller pkg/webhook' },
    [
      [
        String.raw`admission webhook "policy\.sigstore\.dev" denied the request: `,
        () => ({ kind: 'engine', engine: 'policy-controller' }),
      ],
      [
        String.raw`(?:signature|attestation) key(?:less)? validation failed for authority \S{1,256} for ${IMAGE}${REST}`,
        ([text, image = '']) => ({ kind: 'denied', by: 'policy-controller', image: image.replace(/:$/, ''), text }),
      ],
      ['no matching policies', ([text]) => ({ kind: 'denied', by: 'policy-controller', image: '', text })],
      String.raw`validation failed: failed policy: [\w.-]{1,253}(?:: spec\.[\w.[\]]{1,253})?`,
    ],
  ),
  ...from({ program: 'Kyverno', versions: '1.7 to today', source: 'kyverno/kyverno pkg/engine' }, [
    [
      String.raw`admission webhook "([\w.-]{1,253})" denied the request: `,
      ([, name = '']) => (/[.-]kyverno[.-]/.test(name) ? { kind: 'engine', engine: 'kyverno' } : undefined),
    ],
    [
      `(?:failed to verify (?:image|signature)|image verification failed for|unverified image|missing digest for) ${IMAGE}${REST}`,
      ([text, image = '']) => ({ kind: 'denied', by: 'kyverno', image: image.replace(/[:']$/, ''), text }),
    ],
    String.raw`resource \S+ was blocked due to the following policies`,
  ]),
];

function mirror(words: string, fault: ToolFault): Row {
  return [
    words,
    ([text, hex = '', image]) => {
      const digest = `sha256:${hex}`;
      const said = text.replace(/^[0-9/]+ [0-9:]+ +\[\w+\] *: */, '');
      return {
        kind: 'tool',
        tool: 'oc-mirror',
        fault,
        text: said,
        digest: isDigest(digest) ? digest : undefined,
        image,
      };
    },
  ];
}

function findImage(text: string): string {
  return /"([^"\s]{1,2048}@sha256:[0-9a-f]{64})"/.exec(text)?.[1] ?? '';
}
