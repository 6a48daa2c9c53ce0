import { createHash, sign, X509Certificate } from 'node:crypto';
import type { KeyPair } from './make-certificate.ts';
import { DIGEST, NOW, SIGNER, signContent, toPem } from './make-signature.ts';

export const SIGN_PREDICATE = 'https://sigstore.dev/cosign/sign/v1';
export const STATEMENT_TYPE = 'application/vnd.in-toto+json';
export const BUNDLE_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

export interface BundlePlan {
  readonly keys?: KeyPair;
  readonly statement?: unknown;
  readonly payloadType?: string;
  /** PEM: the bundle holds a certificate instead of a hint at a key. */
  readonly certificate?: string;
  readonly hash?: string;
  /** Signs in place of the keys, where `node:crypto` cannot. */
  readonly signBy?: (content: Uint8Array) => Uint8Array;
  /** Logs that have an entry about the bundle. */
  readonly logs?: readonly KeyPair[];
  /** What the entries are about, where it is not this bundle. */
  readonly logged?: { readonly payload: Uint8Array; readonly signature: string };
  readonly integratedTime?: number;
  readonly hasPromise?: boolean;
  /** Changes the whole after it was signed. */
  readonly change?: (bundle: string) => string;
}

export function toStatement(digests: readonly string[] = [DIGEST], predicateType = SIGN_PREDICATE): object {
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: digests.map((digest) => {
      const [algorithm = '', hex = ''] = digest.split(':');
      return { digest: { [algorithm]: hex }, annotations: {} };
    }),
    predicateType,
    predicate: {},
  };
}

/** A bundle as `cosign sign` of version 3 writes it. */
export function makeBundle(plan: BundlePlan = {}): Buffer {
  const { keys = SIGNER, statement = toStatement(), payloadType = STATEMENT_TYPE, hash = 'sha256', logs = [] } = plan;
  const payload = Buffer.from(JSON.stringify(statement));
  const encoding = Buffer.concat([
    Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `),
    payload,
  ]);
  const isPlain = !['ec', 'rsa'].includes(keys.privateKey.asymmetricKeyType ?? '');
  const own = plan.signBy?.(encoding) ?? sign(isPlain ? undefined : hash, encoding, keys.privateKey);
  const signature = Buffer.from(own).toString('base64');
  const pem = plan.certificate ?? toPem(keys.publicKey);
  const content =
    plan.certificate === undefined
      ? { publicKey: { hint: 'any' } }
      : { certificate: { rawBytes: new X509Certificate(plan.certificate).raw.toString('base64') } };
  const logged = plan.logged ?? { payload, signature };
  const bundle = JSON.stringify({
    mediaType: BUNDLE_TYPE,
    verificationMaterial: {
      ...content,
      tlogEntries: logs.map((log) => toEntry(log, logged, pem, plan)),
      timestampVerificationData: { rfc3161Timestamps: [] },
    },
    dsseEnvelope: { payload: payload.toString('base64'), payloadType, signatures: [{ sig: signature, keyid: '' }] },
  });
  return Buffer.from(plan.change?.(bundle) ?? bundle);
}

/** An entry of a log that has no other, so that its leaf is the root. */
function toEntry(log: KeyPair, logged: { payload: Uint8Array; signature: string }, pem: string, plan: BundlePlan) {
  const { integratedTime = NOW, hasPromise = true } = plan;
  const body = Buffer.from(
    JSON.stringify({
      apiVersion: '0.0.1',
      kind: 'dsse',
      spec: {
        payloadHash: { algorithm: 'sha256', value: createHash('sha256').update(logged.payload).digest('hex') },
        signatures: [{ signature: logged.signature, verifier: Buffer.from(pem).toString('base64') }],
      },
    }),
  );
  const logId = createHash('sha256')
    .update(log.publicKey.export({ type: 'spki', format: 'der' }))
    .digest();
  const canonical = { body: body.toString('base64'), integratedTime, logID: logId.toString('hex'), logIndex: 0 };
  const leaf = createHash('sha256')
    .update(Buffer.from([0]))
    .update(body)
    .digest('base64');
  const note = `log.example.com\n1\n${leaf}\n`;
  const noteSignature = Buffer.concat([logId.subarray(0, 4), sign('sha256', Buffer.from(note), log.privateKey)]);
  return {
    logIndex: '0',
    logId: { keyId: logId.toString('base64') },
    kindVersion: { kind: 'dsse', version: '0.0.1' },
    integratedTime: String(integratedTime),
    ...(hasPromise
      ? { inclusionPromise: { signedEntryTimestamp: signContent(Buffer.from(JSON.stringify(canonical)), log) } }
      : {}),
    inclusionProof: {
      logIndex: '0',
      rootHash: leaf,
      treeSize: '1',
      hashes: [],
      checkpoint: { envelope: `${note}\n\u2014 log.example.com ${noteSignature.toString('base64')}\n` },
    },
    canonicalizedBody: body.toString('base64'),
  };
}
