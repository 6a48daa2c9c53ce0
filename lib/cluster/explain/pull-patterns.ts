import { type Pattern, pattern, QUOTED } from './pattern.ts';
import type { PullFault } from './statement.ts';

/** To the next reason of several, or the end of the line. */
const REASON = String.raw`[^;\n]*`;
const IMAGE = String.raw`(?:docker://)?([^\s"]{1,2048})`;

/** The words of the kubelet, of CRI-O, and of containers/image (signature/policy_eval*.go). */
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
