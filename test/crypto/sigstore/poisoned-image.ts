import {
  BUNDLE_TYPE,
  COSIGN_SIGNATURE_TYPE,
  CosignAnnotation,
  formatSignatureBlob,
} from '../../../lib/crypto/sigstore/signature-blob.ts';
import type { SigstoreTrust } from '../../../lib/crypto/sigstore/sigstore-trust.ts';
import { DIGEST, NAME, NOW } from '../../registry/images/image-setup.ts';
import { makeBundle, toStatement } from './make-bundle.ts';
import {
  alternativeNames,
  authority,
  CODE_SIGNING,
  EMAIL_TAG,
  fulcioIssuer,
  keyUsage,
  makeCertificate,
  makeKeys,
  purposes,
} from './make-certificate.ts';
import { makeRekorSet, signContent, toPayload, toPem } from './make-signature.ts';

/** When the publisher signed: its certificate is valid from a minute before to nine minutes after. */
export const AT = NOW.getTime() / 1000;
const ISSUER = 'https://login.example.com';
const PUBLISHER = 'release@example.com';
/** The log. */
export const rekor = makeKeys();
const authorityOf = makeCertificate({ name: 'fulcio', extensions: [authority(), keyUsage(0x06)] });

const leafOf = (email: string) =>
  makeCertificate({
    name: 'leaf',
    issuer: authorityOf,
    notBefore: AT - 60,
    notAfter: AT + 540,
    extensions: [
      keyUsage(0x80),
      purposes(CODE_SIGNING),
      alternativeNames([EMAIL_TAG, email]),
      fulcioIssuer('v1', ISSUER),
    ],
  });
export const publisher = leafOf(PUBLISHER);
/** Whoever logs in gets one. */
const anybody = leafOf('anybody@example.net');

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** By the publisher's login, and logged. */
export function fulcioRequirement({
  subjectEmail = PUBLISHER,
  signedIdentity = { type: 'matchRepository' },
}: {
  readonly subjectEmail?: string;
  readonly signedIdentity?: object;
} = {}): object {
  return {
    type: 'sigstoreSigned',
    fulcio: { caData: base64(authorityOf.pem), oidcIssuer: ISSUER, subjectEmail },
    rekorPublicKeyData: base64(toPem(rekor.publicKey)),
    signedIdentity,
  };
}

/** The same, ready to verify with. */
export const fulcioTrust: SigstoreTrust = {
  kind: 'fulcio',
  authorities: [authorityOf.parsed],
  oidcIssuer: ISSUER,
  subjectEmail: PUBLISHER,
  rekorKeys: [rekor.publicKey],
};

/** The publisher's signature, with an entry of the log that states this time. */
export function signAt(integratedTime = AT): Uint8Array {
  const payload = toPayload(`${NAME}:1`, DIGEST);
  const signature = signContent(payload, publisher.keys);
  return formatSignatureBlob({
    mimeType: COSIGN_SIGNATURE_TYPE,
    payload,
    annotations: new Map([
      [CosignAnnotation.signature, signature],
      [CosignAnnotation.rekorSet, makeRekorSet({ rekor, pem: publisher.pem, signature, payload, integratedTime })],
      [CosignAnnotation.certificate, publisher.pem],
      [CosignAnnotation.chain, authorityOf.pem],
    ]),
  });
}

export const genuine = signAt();

const toBlob = (payload: Uint8Array): Uint8Array =>
  formatSignatureBlob({ mimeType: BUNDLE_TYPE, payload, annotations: new Map() });

/** What anybody can write beside an image without a key: the log's public name, and a time. */
export function forgeBundle(integratedTime: unknown): Uint8Array {
  const change = (text: string): string =>
    text
      .replaceAll(/"integratedTime":"[0-9]+"/g, () => `"integratedTime":${JSON.stringify(integratedTime)}`)
      .replaceAll(/"(signedEntryTimestamp|sig)":"[^"]+"/g, (_, member) => `"${member}":"${base64('junk')}"`);
  const statement = toStatement([DIGEST]);
  return toBlob(makeBundle({ keys: makeKeys(), certificate: anybody.pem, logs: [rekor], statement, change }));
}

/** A bundle that the log itself has signed, with whatever time it states. */
export function logBundleAt(integratedTime: number, certificate: 'publisher' | 'anybody' = 'publisher'): Uint8Array {
  const leaf = certificate === 'publisher' ? publisher : anybody;
  const statement = toStatement([DIGEST]);
  return toBlob(makeBundle({ keys: leaf.keys, certificate: leaf.pem, logs: [rekor], statement, integratedTime }));
}

/** Bytes that make Signet itself throw, wherever they are looked into. */
export function makeFaultyBytes(first: number): Uint8Array {
  const refuse = (): never => {
    throw new TypeError('these bytes cannot be read');
  };
  return Object.assign(Uint8Array.from([first, ...Buffer.from('sigstore-json\n{}')]), {
    subarray: refuse,
    findIndex: refuse,
  });
}

/** The attack of issue 17: `Date` takes no later second than 8,640,000,000,000. */
export const POISONS: readonly (readonly [name: string, bytes: Uint8Array])[] = [
  ['a time beyond Date', forgeBundle('8640000000001')],
  ['the largest time of the format', forgeBundle('9223372036854775807')],
  ['a time beyond Date that the log has signed', logBundleAt(8_640_000_000_001, 'anybody')],
  ['the same in a cosign signature', signAt(8_640_000_000_001)],
  ['bytes that make Signet fail', makeFaultyBytes(0)],
];

/** Each poison alone, and on either side of the publisher's signature; with what is decided. */
export const ARRANGED = POISONS.flatMap(
  ([name, poison]): [string, readonly Uint8Array[], 'accepted' | 'rejected'][] => [
    [`${name}, alone`, [poison], 'rejected'],
    [`${name}, before the genuine signature`, [poison, genuine], 'accepted'],
    [`${name}, behind it`, [genuine, poison], 'accepted'],
    [`${name}, twice around it`, [poison, genuine, poison], 'accepted'],
  ],
);
