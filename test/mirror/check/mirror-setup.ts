import type { Digest } from '../../../lib/base/names/digest.ts';
import { COSIGN_SIGNATURE_TYPE } from '../../../lib/crypto/sigstore/signature-blob.ts';
import { toReferrersTag, toSignatureTag } from '../../../lib/registry/attachments/attachment.ts';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import type { TrustDocument } from '../../../lib/trust/prepared/trust-document.ts';
import { type ReadyTrust, toReadyTrust } from '../../../lib/trust/source/trust-source.ts';
import { makeBundle, toStatement } from '../../crypto/sigstore/make-bundle.ts';
import { type KeyPair, makeKeys } from '../../crypto/sigstore/make-certificate.ts';
import { signContent, toPayload, toPem } from '../../crypto/sigstore/make-signature.ts';
import { pushBlob, pushManifest } from '../../registry/client/push-content.ts';
import { OCI_INDEX, OCI_MANIFEST, toDigest } from '../../registry/client/registry-setup.ts';
import { makeSigner } from '../../support/make-signer.ts';
import { file, profile } from '../../trust/sample-documents.ts';

/** How releases are asked for, and what is signed. */
export const RELEASES = 'registry.example.com/product/release';
export const COMPONENTS = 'registry.example.com/product/component';
/** Where the mirrors of these tests have both. */
export const MIRROR = 'mirror/release';
export const NOW = new Date('2026-11-22T00:00:00Z');

export const cosignKeys = makeKeys();
export const otherKeys = makeKeys();
/** Of RSA, as the keys that sign releases. */
export const openpgpSigner = await makeSigner('release', { kind: 'rsa2048' });

/** A profile whose releases need both kinds of signatures, and whose components need Sigstore's. */
export const TRUST_DOCUMENTS: readonly TrustDocument[] = [
  file('profile.yaml', profile({ canonicalRepositories: [RELEASES], bundleIdentity: 'digest' })),
  file('policy.yaml', JSON.stringify(toImagePolicy(cosignKeys))),
];

export function toImagePolicy({ publicKey }: KeyPair): object {
  const keyData = Buffer.from(toPem(publicKey)).toString('base64');
  return {
    apiVersion: 'config.openshift.io/v1',
    kind: 'ClusterImagePolicy',
    metadata: { name: 'product' },
    spec: {
      scopes: [RELEASES, COMPONENTS],
      policy: { rootOfTrust: { policyType: 'PublicKey', publicKey: { keyData } } },
    },
  };
}

export async function readMirrorTrust(change: object = {}): Promise<ReadyTrust> {
  const prepared = await prepareTrust('acme', TRUST_DOCUMENTS);
  const stores = [{ url: 'https://signatures.example', origin: 'store' }];
  return toReadyTrust({ ...prepared, keyrings: [openpgpSigner.keyring], stores, ...change }, NOW);
}

/** An image without content: its manifest says which it is. */
export function makeImage(note: string): { readonly bytes: Buffer; readonly digest: Digest } {
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: EMPTY_CONFIG,
      layers: [],
      annotations: { note },
    }),
  );
  return { bytes, digest: toDigest(bytes) };
}

export const EMPTY = Buffer.from('{}');
export const EMPTY_CONFIG = { mediaType: 'application/vnd.oci.empty.v1+json', digest: toDigest(EMPTY), size: 2 };

export async function pushImage(
  host: string,
  bytes: Buffer,
  place = MIRROR,
  mediaType = OCI_MANIFEST,
): Promise<Digest> {
  await pushBlob(host, place, EMPTY);
  await pushManifest(host, place, { reference: toDigest(bytes), mediaType, bytes });
  return toDigest(bytes);
}

/** A list of images of Linux, by default for amd64 and then arm64. */
export function makeList(digests: readonly Digest[], architectures: readonly string[] = ['amd64']): Buffer {
  const manifests = digests.map((digest, at) => ({
    mediaType: OCI_MANIFEST,
    digest,
    size: makeImage('').bytes.length,
    platform: { architecture: architectures[at] ?? 'arm64', os: 'linux' },
  }));
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }));
}

export interface SignaturePlan {
  readonly keys?: KeyPair;
  /** What the payload names. */
  readonly reference?: string;
  readonly digest?: Digest;
  /** Changes the signature after it was made. */
  readonly change?: (signature: string) => string;
}

export interface MadeAttachment {
  readonly bytes: Buffer;
  readonly blobs: readonly Buffer[];
}

/** A `.sig` manifest with a layer for each plan. */
export function makeAttachment(digest: Digest, plans: readonly SignaturePlan[] = [{}]): MadeAttachment {
  const payloads = plans.map((plan) => toPayload(plan.reference ?? `${RELEASES}@${digest}`, plan.digest ?? digest));
  const layers = plans.map(({ keys = cosignKeys, change = (text) => text }, at) => {
    const payload = payloads[at] ?? Buffer.alloc(0);
    const annotations = { 'dev.cosignproject.cosign/signature': change(signContent(payload, keys)) };
    return { mediaType: COSIGN_SIGNATURE_TYPE, digest: toDigest(payload), size: payload.length, annotations };
  });
  const bytes = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config: EMPTY_CONFIG, layers }),
  );
  return { bytes, blobs: [EMPTY, ...payloads] };
}

export async function pushAttachment(
  host: string,
  digest: Digest,
  made: MadeAttachment,
  place = MIRROR,
): Promise<void> {
  for (const blob of made.blobs) await pushBlob(host, place, blob);
  await pushManifest(host, place, { reference: toSignatureTag(digest), mediaType: OCI_MANIFEST, bytes: made.bytes });
}

/** A bundle in a manifest that refers to the image. */
export function makeReferrer(
  digest: Digest,
  keys: KeyPair = cosignKeys,
  statement: unknown = toStatement([digest]),
): MadeAttachment & { readonly digest: Digest } {
  return wrapBundle(digest, makeBundle({ keys, statement }));
}

/** Any bytes in the place of a bundle. */
export function wrapBundle(digest: Digest, bundle: Buffer): MadeAttachment & { readonly digest: Digest } {
  const type = 'application/vnd.dev.sigstore.bundle.v0.3+json';
  const layers = [{ mediaType: type, digest: toDigest(bundle), size: bundle.length }];
  return toReferrer(digest, { artifactType: type, config: EMPTY_CONFIG, layers }, [EMPTY, bundle]);
}

/** The signatures of a `.sig` manifest in a manifest that refers to the image, as cosign 2 writes one. */
export function makeCosignReferrer(
  digest: Digest,
  plans: readonly SignaturePlan[] = [{}],
): MadeAttachment & { readonly digest: Digest } {
  const { bytes, blobs } = makeAttachment(digest, plans);
  const { layers } = JSON.parse(bytes.toString()) as { readonly layers: readonly object[] };
  const type = 'application/vnd.dev.cosign.artifact.sig.v1+json';
  return toReferrer(digest, { artifactType: type, config: { ...EMPTY_CONFIG, mediaType: type }, layers }, blobs);
}

function toReferrer(digest: Digest, content: object, blobs: readonly Buffer[]) {
  const subject = { mediaType: OCI_MANIFEST, digest, size: 1 };
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, ...content, subject }));
  return { bytes, digest: toDigest(bytes), blobs };
}

/** With `listed`, the index under the fallback tag names it too. */
export async function pushReferrer(
  host: string,
  image: Digest,
  { bytes, digest, blobs }: ReturnType<typeof makeReferrer>,
  { place = MIRROR, isListed = false }: { readonly place?: string; readonly isListed?: boolean } = {},
): Promise<void> {
  for (const blob of blobs) await pushBlob(host, place, blob);
  await pushManifest(host, place, { reference: digest, mediaType: OCI_MANIFEST, bytes });
  if (!isListed) return;
  const manifests = [{ mediaType: OCI_MANIFEST, digest, size: bytes.length }];
  const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }));
  await pushManifest(host, place, { reference: toReferrersTag(image), mediaType: OCI_INDEX, bytes: index });
}
