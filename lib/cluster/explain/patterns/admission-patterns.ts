import { REASON_CODES } from '../../../base/errors/reason-code.ts';
import { findDigests, from, IMAGE, type Pattern, REST, type Row, toName } from './pattern.ts';
import { toDenial } from './signet-records.ts';
import type { Engine, Statement } from './statement.ts';

const CODE = `(?:${REASON_CODES.join('|')})`;
const PULLSPEC = String.raw`([\w.:/-]{1,1024}(?:@[a-z0-9]{1,16}:[0-9a-f]{32,128})?)`;

/** A space at the end of a line is lost to mails and editors. */
const END = String.raw`(?: |(?=\n)|$)`;

/** What admission says of images, and what Signet says of its verdicts. */
export const ADMISSION_PATTERNS: readonly Pattern[] = [
  ...from({ program: 'Signet', versions: 'any', source: 'lib/cluster/admission' }, [
    [
      String.raw`admission webhook "([\w.-]{1,253})" denied the request: ${REST}`,
      ([, name = '', text = '']) => (name.includes('admission.signet') ? toDenial(text) : undefined),
    ],
    [
      String.raw`ValidatingAdmissionPolicy '(signet-[\w.-]{1,253})' with binding '[\w.-]{1,253}' denied request: ${REST}`,
      ([, , text = '']) => toDenial(text),
    ],
    [
      String.raw`failed calling webhook "([\w.-]{1,253})": ${REST}`,
      ([text, name = '']) => (name.includes('admission.signet') ? unreachable(text) : undefined),
    ],
  ]),
  ...from({ program: 'Signet', versions: 'any', source: 'cli/verify' }, [
    [
      `signet: ${REST}`,
      ([text], line) =>
        isStart(line)
          ? { kind: 'verdict', state: 'undecided', image: '', digest: undefined, reasons: [{ code: '', text }] }
          : undefined,
    ],
    verdict(`accepted {1,6}${PULLSPEC}(?=\\s|$)`, 'accepted'),
    verdict(`rejected {1,6}${PULLSPEC}(?=\\s|$)`, 'rejected'),
    verdict(`indeterminate {1,6}${PULLSPEC}(?=\\s|$)`, 'undecided'),
    [
      `(?:reason {1,6})?(${CODE}): ([^\\n]*)`,
      ([text, code = '', said = '']) => ({
        kind: 'verdict-reason',
        isNamed: text.startsWith('reason'),
        reason: { code, text: `${code}: ${said}` },
      }),
    ],
    String.raw`profile {1,6}[\w-]{1,64} \((?:enforce|warn|audit)\), trust revision [0-9a-f]{4,64}`,
    [`(?:${CODE}|Verified) {1,6}\\S{1,2048}(?:\\n {6}[^\\n]*)?`, () => ({ kind: 'verdict-attempt' })],
    ['tried(?= {0,8}\\n)', () => ({ kind: 'verdict-attempt' })],
  ]),
  ...from(
    { program: 'policy-controller', versions: '0.5 to today', source: 'sigstore/policy-controller pkg/webhook' },
    [
      [
        String.raw`admission webhook "(?:policy|cosigned|validation\.webhook)\.sigstore\.dev" denied the request:${END}`,
        () => ({ kind: 'engine', engine: 'policy-controller' }),
      ],
      denied(
        String.raw`(?:signature|attestation) (?:key(?:less)? validation|TSA valid(?:ation|Attestations)) failed for authority \S{1,256} for ${IMAGE}${REST}`,
        'policy-controller',
      ),
      denied(String.raw`no matching attestations for authority \S{1,256} for ${IMAGE}${REST}`, 'policy-controller'),
      namedBefore(`disallowed by static policy${REST}`),
      namedBefore(String.raw`there are no public keys for authority \S{1,256}`),
      denied(`invalid value: ${IMAGE} must be an image digest${REST}`, 'policy-controller'),
      [
        String.raw`no matching policies(?:: [\w.[\]]{1,253})?(?:\n {0,40}(\S{1,2048})| ([\w.:-]{1,253}/\S{1,2048}))?`,
        ([text, below = '', beside = below]) => ({
          kind: 'denied',
          by: 'policy-controller',
          image: toName(beside),
          text,
        }),
      ],
      String.raw`validation failed: failed policy: [\w.-]{1,253}(?:: spec\.[\w.[\]]{1,253})?`,
      'validation failed: ',
    ],
  ),
  ...from({ program: 'Kyverno', versions: '1.7 to today', source: 'kyverno/kyverno pkg/engine, pkg/image' }, [
    [
      String.raw`admission webhook "([\w.-]{1,253})" denied the request:${END}`,
      ([, name = '']) => (/[.-]kyverno[.-]/.test(name) ? { kind: 'engine', engine: 'kyverno' } : undefined),
    ],
    [
      String.raw`policy [\w.-]{1,253}/[\w.-]{1,253} (?:fail|error|violation): `,
      () => ({ kind: 'engine', engine: 'kyverno' }),
    ],
    denied(
      `(?:failed to verify (?:image|signature)|image verification failed for|unverified image|missing digest for) ${IMAGE}${REST}`,
      'kyverno',
    ),
    denied(
      `image ${IMAGE} (?:failed signature or attestation verification|is not verified: ${REST}|does not have a digest)`,
      'kyverno',
    ),
    [
      `image attestations verification failed, verifiedCount: ${REST}`,
      ([text]) => ({ kind: 'denied', by: 'kyverno', image: '', text }),
    ],
    // Older versions log it without the image.
    [`failed to verify image: ${REST}`, ([text]) => ({ kind: 'denied', by: 'kyverno', image: '', text })],
    String.raw`resource \S+ was blocked due to the following policies`,
    String.raw`Policy [\w.-]{1,253} failed: `,
  ]),
];

/** Nothing but the quotes in which a line was pasted. */
function isStart(line: string): boolean {
  return /^[\s'"`]*$/.test(line);
}

function unreachable(text: string): Statement {
  const reasons = [{ code: 'WebhookUnreachable', text }];
  return { kind: 'verdict', state: 'undecided', image: '', digest: undefined, reasons };
}

/** A verdict of the command begins its line, and names an image by digest or by tag. */
function verdict(words: string, state: 'accepted' | 'rejected' | 'undecided'): Row {
  return [
    words,
    ([, image = ''], line) =>
      isStart(line) && /[@:]/.test(image) && image.includes('/')
        ? { kind: 'verdict', state, image, digest: findDigests(image)[0], reasons: [], isCommand: true }
        : undefined,
  ];
}

function denied(words: string, by: Engine): Row {
  return [words, ([text, image = '']) => ({ kind: 'denied', by, image: toName(image), text })];
}

function namedBefore(words: string): Row {
  return [words, ([text], line) => ({ kind: 'denied', by: 'policy-controller', image: readWordBefore(line), text })];
}

/** A row of policy-controller's names its image before its words. */
function readWordBefore(line: string): string {
  const before = line.trimEnd();
  return before.slice(before.lastIndexOf(' ') + 1);
}
