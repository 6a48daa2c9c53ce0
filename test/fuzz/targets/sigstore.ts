import { hash, X509Certificate } from 'node:crypto';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { SignatureError } from '../../../lib/base/errors/signature-error.ts';
import { prepareSigstoreTrust } from '../../../lib/crypto/sigstore/sigstore-trust.ts';
import { type SigstoreQuestion, verifySigstoreBlob } from '../../../lib/crypto/sigstore/verify-sigstore-blob.ts';
import { parseTrustedCertificates } from '../../../lib/crypto/sigstore/x509/certificate.ts';
import { parsePublicKey } from '../../../lib/crypto/sigstore/x509/public-key.ts';
import { DIGEST, NOW, REFERENCE } from '../../crypto/sigstore/make-signature.ts';
import type { Draw } from '../draw.ts';
import { mutateBytes } from '../mutate/bytes.ts';
import { mutateTree, type Tree, toTree } from '../mutate/json-tree.ts';
import { mutateNestedText } from '../mutate/nested-text.ts';
import { writeTree } from '../mutate/write-tree.ts';
import { readSeeds } from '../seeds/read-seeds.ts';
import { type FuzzTarget, GENUINE, type OpenTarget, type Outcome, REFUSED } from '../target.ts';

const QUESTION: SigstoreQuestion = {
  digest: DIGEST,
  acceptsReference: (signed) => signed === REFERENCE,
  bundleIdentity: 'digest',
};
const HEADER = '\0sigstore-json\n';
/** First octets of inputs that are no signature for the trust of that number. */
const PUBLIC_KEY = 0xf0;
export const CERTIFICATES = 0xf1;

/**
 * Cosign signatures and bundles against keys, keys with a log, Fulcio and a private authority, and the keys and
 * certificates of a policy. The first octet of an input says what reads the rest.
 *
 * @param verify a test passes one that accepts too much, or throws
 */
export function createSigstore(verify: typeof verifySigstoreBlob = verifySigstoreBlob): FuzzTarget {
  return {
    name: 'sigstore',
    summary: 'cosign signatures, bundles, certificates and public keys: JSON, DER, PEM, octets',
    open: async () => openSigstore(verify),
  };
}

function openSigstore(verify: typeof verifySigstoreBlob): OpenTarget {
  const { trusts, blobs } = readSeeds('sigstore');
  const prepared = trusts.map(({ source }) => prepareSigstoreTrust(source, (pem) => Buffer.from(pem)));
  const seeds = blobs.map(({ trust, bytes, genuine }) => {
    const blob = Buffer.from(bytes, 'base64');
    return { trust, blob, genuine, tree: readBlob(blob) };
  });
  const pems = trusts.flatMap(({ source }) => listPems(source));
  const trees = seeds.map(({ tree }) => tree);
  const genuine = new Set(
    seeds.flatMap(({ trust, genuine: row }) => {
      if (row === undefined) return [];
      const payload = Buffer.from(row.payload, 'base64');
      const named = [trust, row.signer, hash('sha256', payload)].join(' ');
      // A bundle without its time of logging is still logged; a certificate of Fulcio needs the time.
      const untimed = row.message.split(', logged on ')[0] ?? '';
      return trusts[trust]?.source.kind === 'fulcio'
        ? [`${named} ${row.message}`]
        : [`${named} ${row.message}`, `${named} ${untimed}`];
    }),
  );

  const checkBy = (input: Uint8Array, by: typeof verify): Outcome => {
    const [kind = 0] = input;
    const rest = input.subarray(1);
    if (kind === PUBLIC_KEY) return checkKey(rest);
    if (kind === CERTIFICATES) return checkCertificates(rest);
    const trust = prepared[kind % prepared.length];
    if (trust === undefined) return REFUSED;
    try {
      const { signer, message } = by(rest, trust, QUESTION, NOW);
      const named = [kind % prepared.length, signer, hash('sha256', readPayload(rest)), message].join(' ');
      return genuine.has(named) ? GENUINE : { kind: 'wrong accept', detail: `accepted: ${named}` };
    } catch (error) {
      if (error instanceof SignatureError) return REFUSED;
      throw error;
    }
  };
  const make = (draw: Draw): Uint8Array => {
    if (draw.once(10)) {
      const pem = draw.pick(pems);
      const kind = pem.includes('PUBLIC KEY') !== draw.once(20) ? PUBLIC_KEY : CERTIFICATES;
      return Buffer.concat([Buffer.from([kind]), Buffer.from(mutateNestedText(draw, pem))]);
    }
    const seed = draw.pick(seeds);
    const trust = Buffer.from([draw.once(12) ? draw.below(prepared.length) : seed.trust]);
    if (draw.once(8)) return Buffer.concat([trust, mutateBytes(draw, seed.blob, [draw.pick(seeds).blob])]);
    let { tree } = seed;
    for (let edits = 1 + draw.below(2); edits > 0; edits--) tree = mutateTree(draw, tree, trees, mutateNestedText);
    return Buffer.concat([trust, Buffer.from(HEADER), Buffer.from(writeTree(draw, tree))]);
  };
  requireSeeds(seeds, (input) => checkBy(input, verifySigstoreBlob));
  return { make, check: (input) => checkBy(input, verify) };
}

/** Seeds that do not do what they say would make every count meaningless. */
function requireSeeds(
  seeds: readonly { readonly trust: number; readonly blob: Buffer; readonly genuine: unknown }[],
  check: (input: Uint8Array) => Outcome,
): void {
  for (const [at, { trust, blob, genuine }] of seeds.entries()) {
    const { kind } = check(Buffer.concat([Buffer.from([trust]), blob]));
    if ((kind === 'genuine') !== (genuine !== undefined)) throw new Error(`seed ${at} is ${kind}`);
  }
}

/** What `node:crypto` does not read as a key, no reader of ours may. */
function checkKey(pem: Uint8Array): Outcome {
  try {
    const { asymmetricKeyType = '' } = parsePublicKey(pem, 'key');
    return ['rsa', 'ec', 'ed25519'].includes(asymmetricKeyType)
      ? GENUINE
      : { kind: 'wrong accept', detail: `a key ${asymmetricKeyType}` };
  } catch (error) {
    if (error instanceof ConfigurationError) return REFUSED;
    throw error;
  }
}

/** The bit of the key usage that signs certificates. */
const CERTIFICATE_SIGN = 0x04;

/** Node's own reading of each certificate has to say the same. */
function checkCertificates(pem: Uint8Array): Outcome {
  try {
    for (const { der, notAfter, x509, isAuthority, keyUsage = CERTIFICATE_SIGN } of parseTrustedCertificates(
      pem,
      'certificates',
    )) {
      const other = new X509Certificate(der);
      if (other.validToDate.getTime() !== notAfter * 1000)
        return toDisagreement('the end of validity', other, notAfter);
      // Node calls only what may sign certificates an authority; ours is asked about that where a path is judged.
      const maySign = (keyUsage & CERTIFICATE_SIGN) !== 0;
      if (isAuthority && maySign && !other.ca) return toDisagreement('an authority', other, isAuthority);
      if (!x509.raw.equals(der)) return toDisagreement('bytes', other, 'others');
    }
    return GENUINE;
  } catch (error) {
    if (error instanceof ConfigurationError) return REFUSED;
    throw error;
  }
}

function toDisagreement(
  what: string,
  { subject, validTo, ca }: X509Certificate,
  ours: string | number | boolean,
): Outcome {
  return { kind: 'wrong accept', detail: `${what}: ${JSON.stringify([subject, validTo, ca])}, and here ${ours}` };
}

function readBlob(blob: Buffer): Tree {
  return toTree(JSON.parse(blob.subarray(HEADER.length).toString()));
}

/** The signed bytes by another reader than the one under test. */
function readPayload(blob: Uint8Array): Uint8Array {
  const root = JSON.parse(Buffer.from(blob.subarray(HEADER.length)).toString()) as {
    mimeType: string;
    payload: string;
  };
  const payload = Buffer.from(root.payload, 'base64');
  if (!root.mimeType.includes('sigstore.bundle')) return payload;
  const bundle = JSON.parse(payload.toString()) as { dsseEnvelope?: { payload?: string } };
  return Buffer.from(bundle.dsseEnvelope?.payload ?? '', 'base64');
}

function listPems(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.startsWith('-----BEGIN') ? [value] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(listPems) : [];
}
