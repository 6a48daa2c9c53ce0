import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { type Certificate, parseSentCertificate } from '../../../lib/crypto/sigstore/x509/certificate.ts';

/** One DER value. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const length = Buffer.from(content.length.toString(16).padStart(4, '0'), 'hex');
  const octets = length[0] === 0 ? length.subarray(1) : length;
  return Buffer.concat([Buffer.from([tag, 0x80 | octets.length]), octets, content]);
}

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const octets = [first * 40 + second, ...rest].flatMap((arc) => {
    const digits = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      digits.unshift((left & 0x7f) | 0x80);
    return digits;
  });
  return der(0x06, Buffer.from(octets));
}

export function extension(id: string, value: Uint8Array, isCritical = false): Buffer {
  return der(0x30, oid(id), ...(isCritical ? [der(0x01, Buffer.from([0xff]))] : []), der(0x04, value));
}

export function authority(pathLength?: number): Buffer {
  const length = pathLength === undefined ? [] : [der(0x02, Buffer.from([pathLength]))];
  return extension('2.5.29.19', der(0x30, der(0x01, Buffer.from([0xff])), ...length), true);
}

export function alternativeNames(...names: readonly (readonly [tag: number, text: string])[]): Buffer {
  return extension('2.5.29.17', der(0x30, ...names.map(([tag, text]) => der(tag, Buffer.from(text, 'latin1')))));
}

export function keyUsage(bits: number): Buffer {
  return extension('2.5.29.15', der(0x03, Buffer.from([0, bits])), true);
}

export function purposes(...ids: readonly string[]): Buffer {
  return extension('2.5.29.37', der(0x30, ...ids.map(oid)));
}

export function fulcioIssuer(version: 'v1' | 'v2', text: string): Buffer {
  if (version === 'v1') return extension('1.3.6.1.4.1.57264.1.1', Buffer.from(text));
  return extension('1.3.6.1.4.1.57264.1.8', der(0x0c, Buffer.from(text)));
}

export const EMAIL_TAG = 0x81;
export const HOSTNAME_TAG = 0x82;
export const URI_TAG = 0x86;
export const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';
export const ISSUED = Date.parse('2026-01-01T00:00:00Z') / 1000;
export const EXPIRES = Date.parse('2027-01-01T00:00:00Z') / 1000;

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export interface MadeCertificate {
  readonly name: string;
  readonly keys: KeyPair;
  readonly pem: string;
  /** Read when asked for: some are made not to be readable. */
  readonly parsed: Certificate;
}

export interface CertificatePlan {
  readonly name: string;
  /** Itself when left out. */
  readonly issuer?: Pick<MadeCertificate, 'name' | 'keys'>;
  readonly keys?: KeyPair;
  readonly extensions?: readonly Buffer[];
  /** Seconds since 1970. */
  readonly notBefore?: number;
  readonly notAfter?: number;
  readonly hash?: 'sha256' | 'sha1';
}

export function makeKeys(namedCurve = 'P-256'): KeyPair {
  return generateKeyPairSync('ec', { namedCurve });
}

/** A certificate of ECDSA keys, signed as planned whatever its extensions say. */
export function makeCertificate(plan: CertificatePlan): MadeCertificate {
  const { name, keys = makeKeys(), extensions = [], notBefore = ISSUED, notAfter = EXPIRES, hash = 'sha256' } = plan;
  const issuer = plan.issuer ?? { name, keys };
  const algorithm = der(0x30, oid(hash === 'sha1' ? '1.2.840.10045.4.1' : '1.2.840.10045.4.3.2'));
  const tbs = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    algorithm,
    toName(issuer.name),
    der(0x30, toTime(notBefore), toTime(notAfter)),
    toName(name),
    keys.publicKey.export({ type: 'spki', format: 'der' }),
    ...(extensions.length === 0 ? [] : [der(0xa3, der(0x30, ...extensions))]),
  );
  const signature = sign(hash, tbs, issuer.keys.privateKey);
  const whole = der(0x30, tbs, algorithm, der(0x03, Buffer.from([0]), signature));
  return {
    name,
    keys,
    pem: `-----BEGIN CERTIFICATE-----\n${whole.toString('base64')}\n-----END CERTIFICATE-----\n`,
    get parsed() {
      return parseSentCertificate(whole, name);
    },
  };
}

function toName(name: string): Buffer {
  return der(0x30, der(0x31, der(0x30, oid('2.5.4.3'), der(0x0c, Buffer.from(name)))));
}

function toTime(seconds: number): Buffer {
  const text = new Date(seconds * 1000).toISOString().replace(/[-:T]|\.\d+/g, '');
  return der(0x18, Buffer.from(text));
}
