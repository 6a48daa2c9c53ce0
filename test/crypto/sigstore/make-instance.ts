import { createHash, generateKeyPairSync, sign, X509Certificate } from 'node:crypto';
import { parseTrustedRoot, type TrustedRoot } from '../../../lib/crypto/sigstore/trusted-root.ts';
import { expectDer, readDer, readDerValues } from '../../../lib/crypto/sigstore/x509/der.ts';
import {
  alternativeNames,
  authority,
  CODE_SIGNING,
  der,
  extension,
  fulcioIssuer,
  type KeyPair,
  keyUsage,
  type MadeCertificate,
  makeCertificate,
  makeKeys,
  oid,
  purposes,
  URI_TAG,
} from './make-certificate.ts';
import { NOW } from './make-signature.ts';

/** A Sigstore instance of our own: authority, certificate log, logs of signatures of both versions, timestamps. */

export const IDENTITY = 'https://ci.example.com/org/app/.ci/release.yml@refs/tags/v1';
export const LOGIN = 'https://login.example.com';
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';

export interface Log {
  readonly name: string;
  readonly keys: KeyPair;
  readonly id: Buffer;
  /** By which it signs checkpoints, where that is not SHA-256. */
  readonly noteHash?: 'sha384' | 'sha512';
}

/** As a trusted root names the kind of a key. */
export function toKeyDetails({ asymmetricKeyType: kind, asymmetricKeyDetails }: KeyPair['publicKey']): string {
  if (kind === 'ed25519') return 'PKIX_ED25519';
  if (kind !== 'ec') return (kind ?? '').toUpperCase().replaceAll('-', '_');
  const curve = asymmetricKeyDetails?.namedCurve;
  if (curve === 'secp384r1') return 'PKIX_ECDSA_P384_SHA_384';
  return curve === 'secp521r1' ? 'PKIX_ECDSA_P521_SHA_512' : 'PKIX_ECDSA_P256_SHA_256';
}

export function makeLog(name: string, keys: KeyPair = makeKeys()): Log {
  const spki = keys.publicKey.export({ type: 'spki', format: 'der' });
  const isEd25519 = keys.publicKey.asymmetricKeyType === 'ed25519';
  // How signed notes name a key of Ed25519; the others are named by the hash of the key alone.
  const named = isEd25519 ? Buffer.concat([Buffer.from(`${name}\n\x01`), spki.subarray(-32)]) : spki;
  return { name, keys, id: createHash('sha256').update(named).digest() };
}

const ca = makeCertificate({ name: 'root', extensions: [authority()] });
const issuing = makeCertificate({ name: 'issuing', issuer: ca, extensions: [authority(0), keyUsage(0x06)] });
const stampRoot = makeCertificate({ name: 'stamp root', extensions: [authority()] });

export const INSTANCE = {
  ca,
  issuing,
  certificateLog: makeLog('ct.example.com'),
  rekor1: makeLog('rekor.example.com'),
  rekor2: makeLog('log2026.example.com', generateKeyPairSync('ed25519')),
  stampRoot,
  stamp: makeCertificate({
    name: 'stamp',
    issuer: stampRoot,
    extensions: [extension('2.5.29.37', der(0x30, oid(TIME_STAMPING)), true), keyUsage(0x80)],
  }),
} as const;

export interface LeafPlan {
  readonly keys: KeyPair;
  readonly identity?: string;
  /** The extension of its names, where it is not one URI. */
  readonly names?: Buffer;
  readonly issuer?: MadeCertificate;
  readonly notBefore?: number;
  readonly notAfter?: number;
  /** The log that promises to list it; undefined for none. */
  readonly log?: Log | undefined;
  readonly promisedAt?: number;
  readonly sctExtensions?: Buffer;
  /** Changes the promise after it was signed. */
  readonly changePromise?: (sct: Buffer) => Buffer;
}

/** A certificate of a workflow, with the promise of a certificate log (RFC 6962). */
export function makeLeaf(plan: LeafPlan): MadeCertificate {
  const { keys, identity = IDENTITY, issuer = INSTANCE.issuing, notBefore = NOW - 300, notAfter = NOW + 300 } = plan;
  const log = 'log' in plan ? plan.log : INSTANCE.certificateLog;
  const extensions = [
    keyUsage(0x80),
    purposes(CODE_SIGNING),
    plan.names ?? alternativeNames([URI_TAG, identity]),
    fulcioIssuer('v2', LOGIN),
  ];
  const bare = makeCertificate({ name: 'leaf', issuer, keys, extensions, notBefore, notAfter });
  if (log === undefined) return bare;
  const list = makePromises(bare, issuer, log, plan);
  return makeCertificate({
    name: 'leaf',
    issuer,
    keys,
    extensions: [...extensions, extension('1.3.6.1.4.1.11129.2.4.2', der(0x04, list))],
    notBefore,
    notAfter,
  });
}

function makePromises(bare: MadeCertificate, issuer: MadeCertificate, log: Log, plan: LeafPlan): Buffer {
  const { promisedAt = NOW, sctExtensions = Buffer.alloc(0), changePromise = (sct: Buffer) => sct } = plan;
  const [tbs] = readDerValues(expectDer(readDer(new X509Certificate(bare.pem).raw), 0x30));
  const encoded = tbs?.encoded ?? Buffer.alloc(0);
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(promisedAt) * 1000n);
  const issuerHash = createHash('sha256')
    .update(issuer.keys.publicKey.export({ type: 'spki', format: 'der' }))
    .digest();
  const signed = Buffer.concat([
    Buffer.from([0, 0]),
    time,
    Buffer.from([0, 1]),
    issuerHash,
    vector(encoded, 3),
    vector(sctExtensions, 2),
  ]);
  const signature = sign('sha256', signed, log.keys.privateKey);
  const sct = Buffer.concat([
    Buffer.from([0]),
    log.id,
    time,
    vector(sctExtensions, 2),
    Buffer.from([4, 3]),
    vector(signature, 2),
  ]);
  return vector(vector(changePromise(sct), 2), 2);
}

function vector(content: Buffer, octets: number): Buffer {
  const length = Buffer.alloc(octets);
  length.writeUIntBE(content.length, 0, octets);
  return Buffer.concat([length, content]);
}

export interface StampPlan {
  readonly signature: Uint8Array;
  readonly time?: number;
  readonly signer?: MadeCertificate;
  readonly hash?: 'sha256' | 'sha384' | 'sha512';
  readonly sent?: readonly MadeCertificate[];
  readonly status?: number;
  readonly change?: (token: Buffer) => Buffer;
}

const HASH_OIDS = {
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
} as const;
const ECDSA_OIDS = {
  sha256: '1.2.840.10045.4.3.2',
  sha384: '1.2.840.10045.4.3.3',
  sha512: '1.2.840.10045.4.3.4',
} as const;
const STATEMENT = '1.2.840.113549.1.9.16.1.4';

/** The answer of a timestamp authority (RFC 3161). */
export function makeStamp(plan: StampPlan): Buffer {
  const { signature, time = NOW, signer = INSTANCE.stamp, hash = 'sha256', sent = [], status = 0 } = plan;
  const integer = (value: number) => der(0x02, Buffer.from([value]));
  const algorithm = der(0x30, oid(HASH_OIDS[hash]));
  const text = new Date(time * 1000).toISOString().replace(/[-:T]|\.\d+/g, '');
  const statement = der(
    0x30,
    integer(1),
    oid('1.3.6.1.4.1.57264.2'),
    der(0x30, algorithm, der(0x04, createHash(hash).update(signature).digest())),
    integer(7),
    der(0x18, Buffer.from(text)),
  );
  const attribute = (id: string, value: Buffer) => der(0x30, oid(id), der(0x31, value));
  const attributes = Buffer.concat([
    attribute('1.2.840.113549.1.9.3', oid(STATEMENT)),
    attribute('1.2.840.113549.1.9.4', der(0x04, createHash(hash).update(statement).digest())),
  ]);
  const certificate = readDerValues(expectDer(readDer(new X509Certificate(signer.pem).raw), 0x30))[0];
  const [, serial, , issuer] = readDerValues(certificate?.content ?? Buffer.alloc(0));
  const signed = sign(hash, der(0x31, attributes), signer.keys.privateKey);
  const signerInfo = der(
    0x30,
    integer(1),
    der(0x30, issuer?.encoded ?? Buffer.alloc(0), serial?.encoded ?? Buffer.alloc(0)),
    algorithm,
    der(0xa0, attributes),
    der(0x30, oid(ECDSA_OIDS[hash])),
    der(0x04, signed),
  );
  const signedData = der(
    0x30,
    integer(3),
    der(0x31, algorithm),
    der(0x30, oid(STATEMENT), der(0xa0, der(0x04, statement))),
    ...(sent.length === 0 ? [] : [der(0xa0, ...sent.map(({ pem }) => new X509Certificate(pem).raw))]),
    der(0x31, signerInfo),
  );
  const token = der(0x30, der(0x30, integer(status)), der(0x30, oid('1.2.840.113549.1.7.2'), der(0xa0, signedData)));
  return plan.change?.(token) ?? token;
}

interface PlannedValidity {
  readonly start?: string;
  readonly end?: string;
}

export interface RootPlan {
  readonly logs?: readonly Log[];
  readonly certificateLogs?: readonly Log[];
  readonly authorities?: readonly (readonly MadeCertificate[])[];
  readonly stamps?: readonly (readonly MadeCertificate[])[];
  readonly validFor?: PlannedValidity;
  /** Of the logs of signatures, of certificates, of the authorities and of the timestamp authorities alone. */
  readonly logsValidFor?: PlannedValidity;
  readonly certificateLogsValidFor?: PlannedValidity;
  readonly authoritiesValidFor?: PlannedValidity;
  readonly stampsValidFor?: PlannedValidity;
  readonly change?: (root: string) => string;
}

const START = '2026-01-01T00:00:00Z';

/** The text of a `trusted_root.json`. */
export function formatRoot(plan: RootPlan = {}): string {
  const { logs = [INSTANCE.rekor1, INSTANCE.rekor2], certificateLogs = [INSTANCE.certificateLog] } = plan;
  const { authorities = [[INSTANCE.issuing, INSTANCE.ca]], stamps = [[INSTANCE.stamp, INSTANCE.stampRoot]] } = plan;
  const { validFor = { start: START } } = plan;
  const toLog = ({ name, keys, id }: Log, valid: PlannedValidity) => ({
    baseUrl: `https://${name}`,
    hashAlgorithm: 'SHA2_256',
    publicKey: {
      rawBytes: keys.publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
      keyDetails: toKeyDetails(keys.publicKey),
      validFor: valid,
    },
    logId: { keyId: id.toString('base64') },
  });
  const toAuthority = (chain: readonly MadeCertificate[], valid: PlannedValidity) => ({
    subject: { organization: 'example', commonName: 'example' },
    certChain: {
      certificates: chain.map(({ pem }) => ({ rawBytes: new X509Certificate(pem).raw.toString('base64') })),
    },
    validFor: valid,
  });
  const root = JSON.stringify({
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: logs.map((log) => toLog(log, plan.logsValidFor ?? validFor)),
    certificateAuthorities: authorities.map((chain) => toAuthority(chain, plan.authoritiesValidFor ?? validFor)),
    ctlogs: certificateLogs.map((log) => toLog(log, plan.certificateLogsValidFor ?? validFor)),
    timestampAuthorities: stamps.map((chain) => toAuthority(chain, plan.stampsValidFor ?? validFor)),
  });
  return plan.change?.(root) ?? root;
}

export function makeRoot(plan: RootPlan = {}): TrustedRoot {
  return parseTrustedRoot(Buffer.from(formatRoot(plan)));
}
