import { from, IMAGE, type Origin, type Pattern, QUOTED, REASON, REST, type Row, toName } from './pattern.ts';
import type { PullFault, Statement } from './statement.ts';

const containers = (source: string): Origin => ({
  program: 'containers/image',
  versions: '4.1 to today',
  source: `containers/image ${source}`,
});

/** What a line of a node that rejects an image holds in front of the reason. */
const IS_REJECTION =
  /Source image rejected|signature validation failed|None of the signatures were accepted|reading signatures|checking signature|verifying signature|OpenImage|remote error/i;

/** Codes of libgpg-error: the number is in the lower 16 bits. */
const GPG_FAULTS: ReadonlyMap<number, PullFault> = new Map([
  [4, 'algorithm'],
  [5, 'algorithm'],
  [8, 'bad-signature'],
  [9, 'key'],
  [58, 'malformed'],
  [94, 'revoked'],
  [153, 'expired'],
  [154, 'expired'],
]);

/** What containers/image says of the policy, keys and signatures of an image: the same for whatever pulls by it. */
export const POLICY_PATTERNS: readonly Pattern[] = [
  ...from(containers('copy/single.go'), [
    'Source image rejected: ',
    'SignatureValidationFailed(?:: )?',
    'copying system image from manifest list: ',
    'copying image [0-9]+/[0-9]+ from manifest list: ',
    'None of the signatures were accepted, reasons: ',
    pull(`(?:initializing source|Initializing source|Determining manifest MIME type for) ${IMAGE}: `),
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
    inRejection('No public keys imported', 'policy-key'),
    fault(`missing dev\\.sigstore\\.cosign/bundle annotation`, 'log'),
    fault(`missing dev\\.sigstore\\.cosign/certificate annotation`, 'certificate'),
    fault(`missing dev\\.cosignproject\\.cosign/signature annotation`, 'malformed'),
    fault(`No public key verified against the RekorSET${REASON}`, 'log'),
    fault('Rekor public key [0-9]+ is not using ECDSA', 'policy-key'),
    fault(`error loading (?:Fulcio CA|PKI CA Roots) certificates`, 'policy-key'),
    inRejection(`parsing (?:Rekor )?public key [0-9]+: ${REASON}`, 'policy-key'),
    inRejection(`loading trusted intermediate certificates: ${REASON}`, 'policy-key'),
    inRejection(`Unimplemented "keyType" value ${QUOTED}`, 'policy-key'),
    fault(
      String.raw`Docker reference match attempted on image \S{1,2048} with no known Docker reference identity`,
      'no-reference',
    ),
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
    fault(String.raw`open \S{0,1024}/policy\.json: (?:no such file or directory|permission denied)`, 'policy-invalid'),
  ]),
  ...from(containers('signature/internal'), [
    fault(`cryptographic signature verification of Rekor SET failed`, 'log'),
    fault(
      `(?:publicKey|payload|signature) in Rekor SET (?:does not match|is not in PEM format|has trailing data)${REASON}`,
      'log',
    ),
    fault(
      `(?:parsing|canonicalizing|decoding the body of a|missing|unsupported) Rekor SET (?:payload|JSON|Payload)${REASON}`,
      'log',
    ),
    inRejection(
      `(?:decoding hashedreko[rd]d? spec|(?:Missing|Unexpected|Invalid) "[\\w.]{1,64}" (?:field|value))${REASON}`,
      'log',
    ),
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
    inRejection(`Signature expired on ${REASON}`, 'expired'),
    inRejection('not signed', 'malformed'),
    inRejection(`signature error: openpgp: ${REASON}`, 'bad-signature'),
    inRejection('Unexpected GPG signature count [0-9]+', 'malformed'),
    inRejection('The input is not a signature', 'malformed'),
    named(`Docker reference ${QUOTED} does not match ${QUOTED}`, 'identity'),
    fault(`Signature for docker digest ${QUOTED} does not match`, 'digest'),
  ]),
  ...from(containers('signature/fulcio_cert.go, pki_cert.go'), [
    named(`Required email ${QUOTED} not found${REASON}`, 'email'),
    named(`Unexpected Fulcio OIDC issuer ${QUOTED}`, 'issuer'),
    inRejection(`Unexpected subject hostname: ${REASON}`, 'certificate'),
    inRejection(
      `(?:loading certificate chain|parsing leaf certificate|inconsistent OIDC issuer extension values|invalid ASN\\.1 in OIDC issuer)${REASON}`,
      'certificate',
    ),
    inRejection(
      `(?:no certificate found|unexpected multiple certificates present) in signature certificate data`,
      'certificate',
    ),
    fault(`Fulcio certificate (?:is missing|has a duplicate)${REASON}`, 'certificate'),
    fault(`ver[iy]fy?ing leaf certificate failed: ${REASON}`, 'certificate'),
  ]),
  ...from(containers('docker/registries_d.go'), [
    fault(`Error parsing signature storage configuration: ${REST}`, 'registries-d'),
    fault(`Invalid signature storage URL ${REST}`, 'registries-d'),
    [
      String.raw`parsing (\S{1,1024}): ${REST}`,
      ([text, file = '']) => (file.includes('/registries.d/') ? toFault('registries-d', text) : undefined),
    ],
  ]),
  ...from(containers('copy/sign.go, docker/docker_image_dest.go'), [
    fault(`Can not copy signatures to ${REST}`, 'destination'),
    fault('writing sigstore attachments is disabled by configuration', 'destination'),
    fault(String.raw`Writing directly to a \w{1,16} lookaside \S{1,2048} is not supported\.[^\n]*`, 'destination'),
    'writing signatures: ',
  ]),
  ...from(containers('docker'), [
    fault(`reading signatures: Get ${QUOTED}: ${REASON}`, 'lookaside'),
    'reading signatures: ',
    fault(String.raw`Unsupported scheme when reading signature from \S{1,2048}`, 'lookaside'),
    fault(String.raw`unexpected MIME type for sigstore attachment manifest \S{1,2048}: ${REASON}`, 'malformed'),
    inRejection(`digest mismatch, expected ${QUOTED}, got ${QUOTED}`, 'malformed'),
    inRejection(`(?:invalid|unrecognized|unsupported) signature format${REASON}`, 'malformed'),
    fault(String.raw`reading manifest \S+ in \S+: [^\n]*`, 'registry'),
    fault(`server provided [0-9]+ signatures, assuming that's unreasonable and a server error`, 'lookaside'),
    fault(String.raw`reading signature from \S+: ${REASON}`, 'lookaside'),
    fault(String.raw`downloading signatures for \S+ in \S+: ${REASON}`, 'lookaside'),
    fault(String.raw`parsing signature (?:"|https?:)\S+: ${REASON}`, 'malformed'),
  ]),
];

/** What names the image that the rest of the line is about. */
export function pull(words: string): Row {
  return [words, ([, image = '']) => ({ kind: 'pull', image: toName(image) })];
}

/** A reason why an image was refused. */
export function fault(words: string, kind: PullFault): Row {
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
