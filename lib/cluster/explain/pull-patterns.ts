import type { PullFault, Statement } from './explanation.ts';
import { from, IMAGE, type Origin, type Pattern, QUOTED, REASON, REST, type Row, toName } from './pattern.ts';

const node = (program: string, versions: string, source: string): Origin => ({ program, versions, source });
const containers = (source: string): Origin => node('containers/image', '4.1 to today', `containers/image ${source}`);

/** What a line of a node that rejects an image holds in front of the reason. */
const IS_REJECTION = /Source image rejected|signature validation failed|None of the signatures were accepted/i;

/** Codes of libgpg-error: the number is in the lower 16 bits. */
const GPG_FAULTS: ReadonlyMap<number, PullFault> = new Map([
  [8, 'bad-signature'],
  [9, 'key'],
  [94, 'key'],
  [153, 'expired'],
  [154, 'expired'],
]);

/** What is said of an image that a node pulls: by the kubelet, CRI-O, podman, bootc, rpm-ostree and containers/image. */
export const PULL_PATTERNS: readonly Pattern[] = [
  ...from(node('kubelet', '4.1 to today', 'kubernetes/kubernetes pkg/kubelet/images/image_manager.go'), [
    pull(`Failed to pull image ${QUOTED}: `),
    pull(`Back-off pulling image ${QUOTED}(?:: )?`),
    pull(`Pulling image ${QUOTED}`),
    pull(String.raw`image pull failed for (\S{1,2048}) because the signature validation failed(?:: )?`),
    [`image=${QUOTED}`, ([, image = '']) => ({ kind: 'image', image: toName(image) })],
    'PullImage from image service failed',
    String.raw`Error: (?:ErrImagePull|ImagePullBackOff|SignatureValidationFailed)(?!\w)`,
    String.raw`(?:ErrImagePull|ImagePullBackOff|ImageInspectError)(?!\w)`,
    String.raw`rpc error: code = \w+ desc = `,
  ]),
  ...from(node('podman', 'any', 'containers/podman, containers/common libimage/pull.go'), [
    attempt(`Trying to pull ${IMAGE}\\.\\.\\.`),
    attempt(`Getting image source signatures`),
    'Checking if image destination supports signatures',
    `Resolved "${REST}`,
    '(?:unable to pull image or OCI artifact: )?pull image err: ',
    'unable to copy from source (?:docker://)?\\S+: ',
    'pulling image: ',
  ]),
  ...from(
    node('rpm-ostree and bootc', 'any', 'containers/ostree-rs-ext lib/src/container, containers/skopeo proxy.go'),
    [
      attempt(`Pulling manifest: (?:ostree-[a-z-]+:)?(?:registry:|docker://|[a-z]+:docker://)?${IMAGE}`),
      attempt(`Fetching (?:ostree-[a-z-]+:)(?:docker://)?${IMAGE}`),
      'Creating importer: ',
      'Preparing import: ',
      'Fetching manifest: ',
      'Failed to invoke (?:skopeo )?(?:proxy )?method OpenImage(?:Optional)?: ',
      'remote error: ',
    ],
  ),
  ...from(containers('copy/single.go'), [
    'Source image rejected: ',
    'SignatureValidationFailed(?:: )?',
    'copying system image from manifest list: ',
    'copying image [0-9]+/[0-9]+ from manifest list: ',
    'None of the signatures were accepted, reasons: ',
    pull(`initializing source ${IMAGE}: `),
  ]),
  ...from(containers('signature/policy_eval_simple.go'), [
    rejected(`Running image ${IMAGE} is rejected by policy\\.`),
    rejected(`Any signatures for image ${IMAGE} are rejected by policy\\.`),
  ]),
  ...from(containers('signature/policy_eval_signedby.go, policy_eval_sigstore.go'), [
    fault(
      String.raw`A signature was required, but no signature exists(?: \([0-9]+ non-sigstore signatures, [0-9]+ sigstore non-signature attachments\))?`,
      'no-signature',
    ),
    named(`Signature for identity ${QUOTED} is not accepted`, 'identity'),
    fault(String.raw`Signature for digest \S+ does not match`, 'digest'),
    fault('No public keys imported', 'policy-key'),
    fault(`missing dev\\.sigstore\\.cosign/bundle annotation`, 'log'),
    fault(`missing dev\\.sigstore\\.cosign/certificate annotation`, 'certificate'),
    fault(`missing dev\\.cosignproject\\.cosign/signature annotation`, 'malformed'),
    fault(`No public key verified against the RekorSET${REASON}`, 'log'),
    fault('Rekor public key [0-9]+ is not using ECDSA', 'policy-key'),
    fault(`error loading (?:Fulcio CA|PKI CA Roots) certificates`, 'policy-key'),
    inRejection(`parsing (?:Rekor )?public key [0-9]+: ${REASON}`, 'policy-key'),
    fault('signedBaseLayer not implemented yet!', 'policy-invalid'),
    fault('List of verification policy requirements must not be empty', 'policy-invalid'),
    [
      String.raw`open (\S{1,1024}): (?:no such file or directory|permission denied)`,
      ([text, file = ''], line) =>
        IS_REJECTION.test(line) ? { kind: 'pull-fault', fault: 'key-file', text, identity: file } : undefined,
    ],
  ]),
  ...from(containers('signature/policy_config.go, internal/json.go'), [
    [
      `invalid policy in ${QUOTED}: Unknown key ${QUOTED}`,
      ([text, , member = '']) => ({ kind: 'pull-fault', fault: 'policy-member', text, identity: member }),
    ],
    fault(`invalid policy in ${QUOTED}: ${REST}`, 'policy-invalid'),
    fault(`no policy\\.json file found at any of the following: ${REST}`, 'policy-invalid'),
  ]),
  ...from(containers('signature/internal'), [
    fault(`cryptographic signature verification of Rekor SET failed`, 'log'),
    fault(`(?:publicKey|payload|signature) in Rekor SET does not match${REASON}`, 'log'),
    fault(`cryptographic signature verification failed${REASON}`, 'bad-signature'),
    inRejection(`Unrecognized signature type ${REASON}`, 'malformed'),
    inRejection(`invalid docker-manifest-digest value ${REASON}`, 'malformed'),
  ]),
  ...from(containers('signature/mechanism_gpgme.go, mechanism_openpgp.go, simple.go'), [
    [
      `Invalid GPG signature: ${REASON}`,
      ([text]) => {
        // As Go prints gpgme.Signature: Status:gpgme.Error{err:0x9}
        const [code = ''] = text.split('err:0x')[1]?.match(/^[0-9a-f]{1,8}/) ?? [];
        const number = Number.parseInt(code, 16) & 0xff_ff;
        return toFault(GPG_FAULTS.get(number) ?? 'bad-signature', text);
      },
    ],
    fault('Key not found for key ID [0-9a-fA-F]+ in signature', 'key'),
    fault('signature by key [0-9A-F]+(?: of [0-9A-F]+)? is not accepted', 'key'),
    fault(`Signature expired on ${REASON}`, 'expired'),
    inRejection('Unexpected GPG signature count [0-9]+', 'malformed'),
    inRejection('The input is not a signature', 'malformed'),
    named(`Docker reference ${QUOTED} does not match ${QUOTED}`, 'identity'),
    fault(`Signature for docker digest ${QUOTED} does not match`, 'digest'),
  ]),
  ...from(containers('signature/fulcio_cert.go, pki_cert.go'), [
    named(`Required email ${QUOTED} not found${REASON}`, 'email'),
    named(`Unexpected Fulcio OIDC issuer ${QUOTED}`, 'issuer'),
    fault(`Unexpected subject hostname: ${REASON}`, 'certificate'),
    fault(`Fulcio certificate (?:is missing|has a duplicate)${REASON}`, 'certificate'),
    fault(`ver[iy]fy?ing leaf certificate failed: ${REASON}`, 'certificate'),
  ]),
  ...from(containers('docker'), [
    fault(String.raw`reading manifest \S+ in \S+: [^\n]*`, 'registry'),
    fault(`server provided [0-9]+ signatures, assuming that's unreasonable and a server error`, 'lookaside'),
    fault(String.raw`reading signature from \S+: ${REASON}`, 'lookaside'),
    fault(String.raw`downloading signatures for \S+ in \S+: ${REASON}`, 'lookaside'),
    fault(String.raw`parsing signature (?:"|https?:)\S+: ${REASON}`, 'malformed'),
  ]),
];

function pull(words: string): Row {
  return [words, ([, image = '']) => ({ kind: 'pull', image: toName(image) })];
}

/** What a tool says before it pulls: a fault on a later line is of this image. */
function attempt(words: string): Row {
  return [words, ([, image]) => (image === undefined ? { kind: 'known' } : { kind: 'pull', image, isAttempt: true })];
}

function fault(words: string, kind: PullFault): Row {
  return [words, ([text]) => toFault(kind, text)];
}

/** Words that other programs use as well: they count behind a rejection alone. */
function inRejection(words: string, kind: PullFault): Row {
  return [words, ([text], line) => (IS_REJECTION.test(line) ? toFault(kind, text) : undefined)];
}

function named(words: string, kind: PullFault): Row {
  return [words, ([text, identity = '']) => ({ ...toFault(kind, text), identity })];
}

function toFault(kind: PullFault, text: string): Extract<Statement, { readonly kind: 'pull-fault' }> {
  return { kind: 'pull-fault', fault: kind, text };
}

function rejected(words: string): Row {
  return [words, ([text, image = '']) => ({ ...toFault('rejected-by-policy', text), identity: image })];
}
