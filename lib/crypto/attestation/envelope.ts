import type { KeyObject } from 'node:crypto';
import { createJsonReader } from '../json-reader.ts';
import { toSignedBytes } from '../sigstore/read-bundle.ts';
import { verifyBlob } from '../sigstore/x509/public-key.ts';

/** A payload and its signature (DSSE 1.0). Nothing in it is proven. */
interface UntrustedEnvelope {
  readonly payloadType: string;
  readonly payload: Buffer;
  readonly signature: Buffer;
}

const json = createJsonReader('the envelope', 'SignatureMalformed');

/** What is signed for an envelope. */
export interface Signable {
  readonly payloadType: string;
  readonly payload: Uint8Array;
}

/** Signs bytes: DER for ECDSA. */
export type SignBytes = (content: Uint8Array) => Promise<Uint8Array>;

/**
 * An envelope as JSON. Its signature names no key: the name would be a hint that nothing proves, and other readers pass
 * over a signature whose hint is not in their own spelling.
 */
export async function signEnvelope({ payloadType, payload }: Signable, sign: SignBytes): Promise<string> {
  const signature = await sign(toSignedBytes(payloadType, payload));
  const content = {
    payloadType,
    payload: Buffer.from(payload).toString('base64'),
    signatures: [{ keyid: '', sig: Buffer.from(signature).toString('base64') }],
  };
  return JSON.stringify(content);
}

/** With one signature, as Signet writes it. @throws SignatureError `SignatureMalformed` */
export function parseEnvelope(untrustedContent: Uint8Array | string): UntrustedEnvelope {
  const root = json.members('it', json.parse(untrustedContent), ['payloadType', 'payload', 'signatures']);
  const [signature, ...others] = json.list('signatures', root['signatures']);
  if (signature === undefined || others.length > 0) throw json.invalid('it has not one signature');
  const { sig } = json.members('signatures[0]', signature, ['keyid', 'sig']);
  return {
    payloadType: json.text('payloadType', root['payloadType']),
    payload: json.bytes('payload', root['payload']),
    signature: json.bytes('signatures[0].sig', sig),
  };
}

/** The payload of an envelope that one of the keys signed, and that key. */
interface VerifiedEnvelope {
  readonly payload: Buffer;
  readonly key: KeyObject;
}

/**
 * Verifies that one of the keys signed an envelope of this type. Another type is another meaning, whoever signed it: the
 * type is a part of what is signed.
 *
 * @throws SignatureError `SignatureMalformed`, `SignatureInvalid`, `KeyUnknown` without a key
 */
export function verifyEnvelope(
  untrustedContent: Uint8Array | string,
  payloadType: string,
  keys: readonly KeyObject[],
): VerifiedEnvelope {
  const { payloadType: found, payload, signature } = parseEnvelope(untrustedContent);
  if (found !== payloadType) throw json.invalid(`its payload is ${JSON.stringify(found)}, not ${payloadType}`);
  return { payload, key: verifyBlob(keys, toSignedBytes(payloadType, payload), signature) };
}
