import { SignatureError } from '../../base/errors/signature-error.ts';
import { createJsonReader } from '../json-reader.ts';

/** A cosign signature as a layer of a `.sig` manifest has it. Nothing in it is proven. */
export interface UntrustedCosignSignature {
  readonly mimeType: string;
  readonly payload: Uint8Array;
  readonly annotations: ReadonlyMap<string, string>;
}

/** Media type of the layers that are signatures; others in the same manifest are attachments. */
export const COSIGN_SIGNATURE_TYPE = 'application/vnd.dev.cosign.simplesigning.v1+json';

/** Annotations of such a layer. */
export const CosignAnnotation = {
  signature: 'dev.cosignproject.cosign/signature',
  rekorSet: 'dev.sigstore.cosign/bundle',
  certificate: 'dev.sigstore.cosign/certificate',
  chain: 'dev.sigstore.cosign/chain',
} as const;

/** Artifact type of a referrer whose layers are such signatures: how cosign 2 writes them with `--registry-referrers-mode`. */
export const COSIGN_REFERRER_TYPE = 'application/vnd.dev.cosign.artifact.sig.v1+json';

/** Media type of a Sigstore bundle, and artifact type of the manifest that holds one. */
export const BUNDLE_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/** Media types of bundles, of all versions (sigstore/protobuf-specs, `Bundle.media_type`). */
const BUNDLE_TYPES: readonly string[] = [
  BUNDLE_TYPE,
  ...[1, 2, 3].map((minor) => `application/vnd.dev.sigstore.bundle+json;version=0.${minor}`),
];

export function isBundleType(mediaType: string): boolean {
  return BUNDLE_TYPES.includes(mediaType);
}

/** Bytes of one Sigstore signature with its annotations, or of one bundle; real ones have 600 to 12,000. */
export const MAX_SIGSTORE_SIGNATURE_BYTES = 64 * 1024;

/** One stored signature, by its format. */
type UntrustedSignatureBlob =
  | { readonly format: 'simple-signing'; readonly message: Uint8Array }
  | { readonly format: 'sigstore-json'; readonly signature: UntrustedCosignSignature };

/** OpenPGP packets that a signed message may start with: signature, one-pass signature, compressed data. */
const FIRST_PACKETS = new Set([2, 4, 8]);
const LINE_FEED = 0x0a;
const MAX_FORMAT_LENGTH = 64;
const json = createJsonReader('the stored Sigstore signature', 'SignatureMalformed', 'replace');

/**
 * Reads a signature in one of the formats in which containers/image stores it in an image directory (formats F7).
 *
 * @throws SignatureError `SignatureMalformed`, `SignatureUnsupported`, `LimitExceeded`
 */
export function parseSignatureBlob(untrustedBytes: Uint8Array): UntrustedSignatureBlob {
  const [first] = untrustedBytes;
  if (first === undefined) throw malformed('it is empty');
  if (first !== 0) {
    if (!FIRST_PACKETS.has(toPacketTag(first))) throw malformed('its first byte does not start a signature');
    return { format: 'simple-signing', message: untrustedBytes };
  }
  const end = untrustedBytes.subarray(0, MAX_FORMAT_LENGTH).indexOf(LINE_FEED);
  if (end < 0) throw malformed('the name of its format has no end');
  const name = untrustedBytes.subarray(1, end);
  if (name.some((octet) => octet < 0x20 || octet >= 0x7f)) throw malformed('the name of its format is not ASCII');
  const content = untrustedBytes.subarray(end + 1);
  switch (Buffer.from(name).toString('latin1')) {
    case 'simple-signing':
      return { format: 'simple-signing', message: content };
    case 'sigstore-json':
      return { format: 'sigstore-json', signature: parseSigstoreJson(content) };
    default:
      throw new SignatureError('SignatureUnsupported', 'the stored signature has a format that is not known');
  }
}

/** The form in which containers/image stores a Sigstore signature: what {@link parseSignatureBlob} reads back. */
export function formatSignatureBlob({ mimeType, payload, annotations }: UntrustedCosignSignature): Uint8Array {
  const content = {
    mimeType,
    payload: Buffer.from(payload).toString('base64'),
    annotations: Object.fromEntries(annotations),
  };
  return Buffer.concat([Buffer.from('\0sigstore-json\n'), Buffer.from(JSON.stringify(content))]);
}

/** RFC 9580 section 4.2; 0 for an octet that starts no packet. */
function toPacketTag(first: number): number {
  if ((first & 0x80) === 0) return 0;
  return (first & 0x40) === 0 ? (first & 0x3c) >> 2 : first & 0x3f;
}

/** Unknown members are ignored: the format grows, and nothing in it is signed. */
function parseSigstoreJson(content: Uint8Array): UntrustedCosignSignature {
  if (content.length > MAX_SIGSTORE_SIGNATURE_BYTES) {
    throw new SignatureError('LimitExceeded', `the signature is longer than ${MAX_SIGSTORE_SIGNATURE_BYTES} bytes`);
  }
  const root = json.members('it', json.parse(content), undefined);
  const annotations = json.members('annotations', root['annotations'] ?? {}, undefined);
  return {
    mimeType: json.text('mimeType', root['mimeType']),
    payload: json.bytes('payload', root['payload']),
    annotations: new Map(
      Object.entries(annotations).map(([name, value]) => [name, json.text(`annotations.${name}`, value)]),
    ),
  };
}

function malformed(fault: string): SignatureError {
  return new SignatureError('SignatureMalformed', `the stored signature is not readable: ${fault}`);
}
