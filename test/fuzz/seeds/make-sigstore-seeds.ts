import { generateKeyPairSync } from 'node:crypto';
import { COSIGN_SIGNATURE_TYPE, formatSignatureBlob } from '../../../lib/crypto/sigstore/signature-blob.ts';
import type { SigstoreTrustSource } from '../../../lib/crypto/sigstore/sigstore-trust.ts';
import { toKeyName } from '../../../lib/crypto/sigstore/x509/public-key.ts';
import { BUNDLE_TYPE, type BundlePlan, makeBundle, toStatement } from '../../crypto/sigstore/make-bundle.ts';
import {
  alternativeNames,
  authority,
  CODE_SIGNING,
  EMAIL_TAG,
  fulcioIssuer,
  HOSTNAME_TAG,
  type KeyPair,
  keyUsage,
  makeCertificate,
  makeKeys,
  purposes,
} from '../../crypto/sigstore/make-certificate.ts';
import {
  DIGEST,
  makeRekorSet,
  makeSignature,
  NOW,
  OTHER_DIGEST,
  REFERENCE,
  signContent,
  toPayload,
  toPem,
} from '../../crypto/sigstore/make-signature.ts';
import type { SigstoreSeeds } from './read-seeds.ts';

const EMAIL = 'release@example.com';
const ISSUER = 'https://login.example.com';
const HOSTNAME = 'builder.example.com';
const LOGGED = `, logged on ${new Date(NOW * 1000).toISOString()}`;

type Blob = SigstoreSeeds['blobs'][number];
type Trust = SigstoreSeeds['trusts'][number];

interface Cert {
  readonly pem: string;
  readonly keys: KeyPair;
  readonly chain: string;
}

/** Signatures and bundles for every kind of trust, with their images, and with others that must not be accepted. */
export function makeSigstoreSeeds(): SigstoreSeeds {
  const [p256, p384, rekor, stranger] = [makeKeys(), makeKeys('P-384'), makeKeys(), makeKeys()];
  const ed25519: KeyPair = generateKeyPairSync('ed25519');
  const root = makeCertificate({ name: 'root', extensions: [authority(), keyUsage(0x06)] });
  const middle = makeCertificate({ name: 'middle', issuer: root, extensions: [authority(0), keyUsage(0x06)] });
  const chain = middle.pem + root.pem;
  const leafOf = (names: readonly Buffer[], issuer = middle): Cert => ({
    ...makeCertificate({ name: 'leaf', issuer, extensions: [keyUsage(0x80), purposes(CODE_SIGNING), ...names] }),
    chain,
  });
  const fulcioNames = [alternativeNames([EMAIL_TAG, EMAIL]), fulcioIssuer('v1', ISSUER), fulcioIssuer('v2', ISSUER)];
  const fulcio = leafOf(fulcioNames);
  // A bundle brings its own certificate alone.
  const direct = leafOf(fulcioNames, root);
  const foreign = leafOf([alternativeNames([EMAIL_TAG, 'other@example.com']), fulcioIssuer('v2', ISSUER)]);
  const host = leafOf([alternativeNames([HOSTNAME_TAG, HOSTNAME], [EMAIL_TAG, EMAIL])]);
  const pem = ({ publicKey }: KeyPair): string => toPem(publicKey);
  const trusts: Trust[] = [];
  const blobs: Blob[] = [];
  const trust = (name: string, source: SigstoreTrustSource<string>): number => trusts.push({ name, source }) - 1;

  const keyed = trust('keys', { kind: 'keys', keys: [pem(p256), pem(ed25519), pem(p384)], rekorKeys: [] });
  const logged = trust('keys with a log', { kind: 'keys', keys: [pem(p256), pem(ed25519)], rekorKeys: [pem(rekor)] });
  const certified = trust('fulcio', {
    kind: 'fulcio',
    ca: root.pem,
    oidcIssuer: ISSUER,
    subjectEmail: EMAIL,
    rekorKeys: [pem(rekor)],
  });
  const pki = trust('pki', {
    kind: 'pki',
    caRoots: root.pem,
    caIntermediates: middle.pem,
    subjectEmail: EMAIL,
    subjectHostname: HOSTNAME,
  });

  const addSignature = (
    name: string,
    at: number,
    keys: KeyPair,
    plan: { cert?: Cert; log?: KeyPair; payload?: Buffer } = {},
  ): void => {
    const { cert, log, payload = toPayload() } = plan;
    const signature = signContent(payload, keys);
    const signed = makeSignature({
      keys,
      payload,
      signature,
      mimeType: COSIGN_SIGNATURE_TYPE,
      ...(cert === undefined ? {} : { certificate: cert.pem, chain: cert.chain }),
      ...(log === undefined
        ? {}
        : { rekorSet: makeRekorSet({ rekor: log, pem: cert?.pem ?? pem(keys), signature, payload }) }),
    });
    add(
      name,
      at,
      formatSignatureBlob(signed),
      keys,
      payload,
      `signed for ${REFERENCE}${log === undefined || at === keyed || at === pki ? '' : LOGGED}`,
    );
  };
  const addBundle = (name: string, at: number, keys: KeyPair, plan: BundlePlan = {}): void => {
    const statement = plan.statement ?? toStatement();
    const payload = Buffer.from(JSON.stringify(statement));
    const bundle = makeBundle({ keys, ...plan });
    const blob = formatSignatureBlob({ mimeType: BUNDLE_TYPE, payload: bundle, annotations: new Map() });
    const isLogged = (plan.logs ?? []).length > 0 && at !== keyed && at !== pki;
    add(name, at, blob, keys, payload, `signed for the digest alone${isLogged ? LOGGED : ''}`);
  };
  const add = (
    name: string,
    at: number,
    bytes: Uint8Array,
    keys: KeyPair,
    payload: Uint8Array,
    message: string,
  ): void => {
    const genuine = { payload: Buffer.from(payload).toString('base64'), signer: toKeyName(keys.publicKey), message };
    const isGenuine = !name.startsWith('not:');
    blobs.push({ name, trust: at, bytes: Buffer.from(bytes).toString('base64'), ...(isGenuine ? { genuine } : {}) });
  };

  for (const [name, keys] of [
    ['p256', p256],
    ['ed25519', ed25519],
    ['p384', p384],
  ] as const) {
    if (name !== 'p384') addSignature(`signature ${name}`, keyed, keys);
    addBundle(`bundle ${name}`, keyed, keys);
  }
  addSignature('signature p256 logged', logged, p256, { log: rekor });
  addSignature('signature ed25519 logged', logged, ed25519, { log: rekor });
  addBundle('bundle p256 logged', logged, p256, { logs: [rekor] });
  addBundle('bundle two logs', logged, p256, { logs: [stranger, rekor] });
  addSignature('signature fulcio', certified, fulcio.keys, { cert: fulcio, log: rekor });
  addBundle('bundle fulcio', certified, direct.keys, { certificate: direct.pem, logs: [rekor] });
  addSignature('signature pki', pki, host.keys, { cert: host });
  addBundle('bundle pki', pki, host.keys, { certificate: host.pem });
  addSignature('not: another digest', keyed, p256, { payload: toPayload(REFERENCE, OTHER_DIGEST) });
  addSignature('not: another name', keyed, p256, { payload: toPayload('registry.example.com/other') });
  addSignature('not: another key', keyed, stranger);
  addSignature('not: logged by a stranger', logged, p256, { log: stranger });
  addSignature('not: logged for another digest', logged, p256, {
    log: rekor,
    payload: toPayload(REFERENCE, OTHER_DIGEST),
  });
  addSignature('not: another login', certified, foreign.keys, { cert: foreign, log: rekor });
  addSignature('not: another host', pki, foreign.keys, { cert: foreign });
  addBundle('not: another digest bundled', keyed, p256, { statement: toStatement([OTHER_DIGEST]) });
  addBundle('not: another predicate', keyed, p256, {
    statement: toStatement([DIGEST], 'https://slsa.dev/provenance/v1'),
  });
  addBundle('not: a stranger bundled', logged, stranger, { logs: [rekor] });
  addBundle('not: another host bundled', pki, foreign.keys, { certificate: foreign.pem });
  return { trusts, blobs };
}
