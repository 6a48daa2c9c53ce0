import { constants, createHash, sign, X509Certificate } from 'node:crypto';
import { type KeyPair, type MadeCertificate, makeKeys } from './make-certificate.ts';
import { INSTANCE, type LeafPlan, type Log, makeLeaf, makeStamp, type StampPlan } from './make-instance.ts';
import { NOW, signContent, toPem } from './make-signature.ts';

export const ARTIFACT = Buffer.from('what was signed\n');
export const ARTIFACT_DIGEST = `sha256:${createHash('sha256').update(ARTIFACT).digest('hex')}`;
export const OTHER_ARTIFACT = Buffer.from('something else\n');
const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

type Kind = 'hashedrekord' | 'dsse' | 'intoto';

export interface ArtifactBundlePlan {
  readonly version?: '0.1' | '0.2' | '0.3' | '0.3 of old';
  readonly content?: 'signature' | 'statement';
  readonly keys?: KeyPair;
  readonly hash?: 'sha256' | 'sha384' | 'sha512';
  readonly pss?: boolean;
  /** Signs in place of the keys, where `node:crypto` cannot. */
  readonly signBy?: (content: Uint8Array) => Uint8Array;
  /** A key alone instead of a certificate. */
  readonly byKey?: boolean;
  readonly leaf?: Omit<LeafPlan, 'keys'>;
  /** Certificates after the leaf; a chain where there are any. */
  readonly chain?: readonly MadeCertificate[];
  readonly artifact?: Uint8Array;
  /** Default: one entry of the log of version 2, or of version 1 where that is asked for. */
  readonly log?: Log | undefined;
  readonly logVersion?: 1 | 2;
  readonly kind?: Kind;
  readonly integratedTime?: number;
  readonly witnesses?: readonly Log[];
  /** The key or certificate that the entry is about. */
  readonly loggedPem?: string;
  readonly loggedSignature?: string;
  readonly stamp?: Omit<StampPlan, 'signature'> | undefined;
  readonly stamps?: number;
  readonly changeEntry?: (entry: LogEntry) => object;
  /** Before it is signed. */
  readonly changeStatement?: (statement: object) => object;
  readonly change?: (bundle: string) => string;
}

/** A bundle of a file as Sigstore clients write one: all that the plan says, the rest right. */
export function makeArtifactBundle(plan: ArtifactBundlePlan = {}): Buffer {
  const { version = '0.3', content = 'signature', keys = makeKeys(), hash = 'sha256', artifact = ARTIFACT } = plan;
  const payload = Buffer.from(JSON.stringify(plan.changeStatement?.(toStatement(artifact)) ?? toStatement(artifact)));
  const signed =
    content === 'signature'
      ? artifact
      : Buffer.concat([Buffer.from(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `), payload]);
  const signature = Buffer.from(plan.signBy?.(signed) ?? signBytes(signed, keys, hash, plan.pss === true));
  const certificate = plan.byKey === true ? undefined : makeLeaf({ ...plan.leaf, keys });
  const pem = certificate?.pem ?? toPem(keys.publicKey);
  const logVersion = plan.logVersion ?? (version === '0.1' ? 1 : 2);
  const log = 'log' in plan ? plan.log : logVersion === 1 ? INSTANCE.rekor1 : INSTANCE.rekor2;
  const logged = {
    pem: plan.loggedPem ?? pem,
    signature: plan.loggedSignature ?? signature.toString('base64'),
    digest: createHash(hash).update(signed).digest(),
    hash,
    payload,
    kind: plan.kind ?? (content === 'signature' || logVersion === 2 ? 'hashedrekord' : 'dsse'),
  };
  const stamp = 'stamp' in plan ? plan.stamp : logVersion === 2 ? {} : undefined;
  const entries = log === undefined ? [] : [makeEntry(log, logVersion, logged, plan)];
  const stamped = stamp === undefined ? [] : [makeStamp({ ...stamp, signature })];
  const bundle = {
    mediaType:
      version === '0.3'
        ? 'application/vnd.dev.sigstore.bundle.v0.3+json'
        : `application/vnd.dev.sigstore.bundle+json;version=${version.slice(0, 3)}`,
    verificationMaterial: {
      ...toSigner(certificate, plan, version),
      tlogEntries: entries.map((entry) => plan.changeEntry?.(entry) ?? entry),
      timestampVerificationData: {
        rfc3161Timestamps: stamped
          .flatMap((token) => Array.from({ length: plan.stamps ?? 1 }, () => token))
          .map((token) => ({ signedTimestamp: token.toString('base64') })),
      },
    },
    ...(content === 'signature'
      ? {
          messageSignature: {
            messageDigest: {
              algorithm: `SHA2_${hash.slice(3)}`,
              digest: createHash(hash).update(artifact).digest('base64'),
            },
            signature: signature.toString('base64'),
          },
        }
      : {
          dsseEnvelope: {
            payload: payload.toString('base64'),
            payloadType: PAYLOAD_TYPE,
            signatures: [{ sig: signature.toString('base64'), keyid: '' }],
          },
        }),
  };
  const text = JSON.stringify(bundle);
  return Buffer.from(plan.change?.(text) ?? text);
}

function toStatement(artifact: Uint8Array): object {
  const sha256 = createHash('sha256').update(artifact).digest('hex');
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'app', digest: { sha256 } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {},
  };
}

function signBytes(content: Uint8Array, { privateKey }: KeyPair, hash: string, pss: boolean): Buffer {
  const kind = privateKey.asymmetricKeyType;
  if (kind !== 'ec' && kind !== 'rsa') return sign(undefined, content, privateKey);
  const padding = pss ? { padding: constants.RSA_PKCS1_PSS_PADDING } : {};
  return sign(hash, content, { key: privateKey, ...padding });
}

function toSigner(
  certificate: MadeCertificate | undefined,
  { chain = [] }: ArtifactBundlePlan,
  version: string,
): object {
  if (certificate === undefined) return { publicKey: { hint: 'any' } };
  const rawBytes = ({ pem }: MadeCertificate) => ({ rawBytes: new X509Certificate(pem).raw.toString('base64') });
  return version.startsWith('0.3') && chain.length === 0
    ? { certificate: rawBytes(certificate) }
    : { x509CertificateChain: { certificates: [certificate, ...chain].map(rawBytes) } };
}

interface Logged {
  readonly pem: string;
  readonly signature: string;
  readonly digest: Buffer;
  readonly hash: string;
  readonly payload: Buffer;
  readonly kind: Kind;
}

export type LogEntry = ReturnType<typeof makeEntry>;

/** An entry in a tree of two. */
function makeEntry(log: Log, version: 1 | 2, logged: Logged, plan: ArtifactBundlePlan) {
  const { integratedTime = NOW, witnesses = [] } = plan;
  const body = Buffer.from(JSON.stringify(version === 1 ? toBody(logged) : toBodyOfVersion2(logged)));
  const leaf = createHash('sha256')
    .update(Buffer.from([0]))
    .update(body)
    .digest();
  const sibling = createHash('sha256').update('sibling').digest();
  const root = createHash('sha256')
    .update(Buffer.concat([Buffer.from([1]), leaf, sibling]))
    .digest('base64');
  const origin = version === 1 ? `${log.name} - 1234567890` : log.name;
  const note = `${origin}\n2\n${root}\n`;
  const canonical = {
    body: body.toString('base64'),
    integratedTime,
    logID: log.id.toString('hex'),
    logIndex: 7,
  };
  const promise = signContent(Buffer.from(JSON.stringify(canonical)), log.keys);
  return {
    logIndex: version === 1 ? '7' : '0',
    logId: { keyId: log.id.toString('base64') },
    kindVersion: { kind: logged.kind, version: version === 2 || logged.kind === 'intoto' ? '0.0.2' : '0.0.1' },
    ...(version === 1
      ? { integratedTime: String(integratedTime), inclusionPromise: { signedEntryTimestamp: promise } }
      : {}),
    inclusionProof: {
      logIndex: '0',
      rootHash: root,
      treeSize: '2',
      hashes: [sibling.toString('base64')],
      checkpoint: { envelope: `${note}\n${[log, ...witnesses].map((one) => signNote(note, one)).join('')}` },
    },
    canonicalizedBody: body.toString('base64'),
  };
}

export function signNote(note: string, { name, keys, id, noteHash }: Log): string {
  const text = Buffer.from(note);
  const signed =
    noteHash === undefined ? Buffer.from(signContent(text, keys), 'base64') : sign(noteHash, text, keys.privateKey);
  const signature = Buffer.concat([id.subarray(0, 4), signed]);
  return `\u2014 ${name} ${signature.toString('base64')}\n`;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

function toBody({ kind, pem, signature, digest, hash, payload }: Logged): object {
  const payloadHash = { algorithm: 'sha256', value: createHash('sha256').update(payload).digest('hex') };
  switch (kind) {
    case 'hashedrekord':
      return {
        apiVersion: '0.0.1',
        kind,
        spec: {
          data: { hash: { algorithm: hash, value: digest.toString('hex') } },
          signature: { content: signature, publicKey: { content: base64(pem) } },
        },
      };
    case 'dsse':
      return { apiVersion: '0.0.1', kind, spec: { payloadHash, signatures: [{ signature, verifier: base64(pem) }] } };
    case 'intoto':
      return {
        apiVersion: '0.0.2',
        kind,
        spec: {
          content: { envelope: { signatures: [{ publicKey: base64(pem), sig: base64(signature) }] }, payloadHash },
        },
      };
    default:
      return kind satisfies never;
  }
}

function toBodyOfVersion2({ kind, pem, signature, digest, hash, payload }: Logged): object {
  const der = Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64').toString('base64');
  const keyDetails = 'PKIX_ECDSA_P256_SHA_256';
  const verifier = pem.includes('CERTIFICATE')
    ? { keyDetails, x509Certificate: { rawBytes: der } }
    : { keyDetails, publicKey: { rawBytes: der } };
  if (kind === 'hashedrekord') {
    const data = { algorithm: `SHA2_${hash.slice(3)}`, digest: digest.toString('base64') };
    return {
      apiVersion: '0.0.2',
      kind,
      spec: { hashedRekordV002: { data, signature: { content: signature, verifier } } },
    };
  }
  const payloadHash = { algorithm: 'SHA2_256', digest: createHash('sha256').update(payload).digest('base64') };
  return {
    apiVersion: '0.0.2',
    kind,
    spec: { dsseV002: { payloadHash, signatures: [{ content: signature, verifier }] } },
  };
}
