import { generateKeyPairSync } from 'node:crypto';
import { parsePullspec } from '../../../lib/base/names/reference.ts';
import type { ManifestSource } from '../../../lib/registry/client/registry-client.ts';
import type { SignatureStore } from '../../../lib/stores/port/signature-store.ts';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import type { PreparedTrust } from '../../../lib/trust/prepared/prepared-trust.ts';
import type { TrustDocument } from '../../../lib/trust/prepared/trust-document.ts';
import { type ReadyTrust, toReadyTrust } from '../../../lib/trust/source/trust-source.ts';
import { type Decision, decideImage, type ImageRequest } from '../../../lib/verdict/decide/decide-image.ts';
import { OCI_MANIFEST } from '../../registry/client/registry-setup.ts';
import { DIGEST, MANIFEST, makeImageSigner, NAME, NOW } from '../../registry/images/image-setup.ts';
import { makeSigner } from '../../support/make-signer.ts';
import { createMemoryManifests } from '../../support/memory-manifests.ts';
import { untouchedStore } from '../../support/untouched-store.ts';
import { file, profile } from '../../trust/sample-documents.ts';

export const IMAGE = `${NAME}@${DIGEST}`;
export const MIRROR_NAME = 'mirror.example.com/signet/app';
export const MIRROR_IMAGE = `${MIRROR_NAME}@${DIGEST}`;
export const OTHER_NAME = 'quay.io/signet/other';

export const signer = makeImageSigner();
export const second = makeImageSigner();
export const stranger = makeImageSigner();
/** Of releases: its keyring is a trust ConfigMap's. */
export const releaseSigner = await makeSigner('release');

export const KEYS: Readonly<Record<string, Uint8Array>> = {
  'keys/signer.gpg': signer.certificate,
  'keys/second.gpg': second.certificate,
};

export const byPath = (name: string, more: object = {}): object => ({
  type: 'signedBy',
  keyType: 'GPGKeys',
  keyPath: `/etc/pki/rpm-gpg/${name}`,
  ...more,
});
export const bySigner = byPath('signer.gpg');
export const bySecond = byPath('second.gpg');
export const anything = { type: 'insecureAcceptAnything' };
export const reject = { type: 'reject' };
const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
/** Of a key that signed nothing. */
export const PUBLIC_KEY = publicKey.export({ type: 'spki', format: 'pem' }).toString();
export const sigstore = { type: 'sigstoreSigned', keyData: Buffer.from(PUBLIC_KEY).toString('base64') };

/** A policy.json: what applies by default, and by scope of the transport docker. */
export function policyOf(
  requirements: readonly object[],
  docker: Readonly<Record<string, readonly object[]>> = {},
): object {
  return { default: requirements, transports: { docker } };
}

export interface PolicyProfile {
  readonly policy: object;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly files?: Readonly<Record<string, Uint8Array>>;
  /** The profile has the release signer's keyring too. */
  readonly hasKeyring?: boolean;
  readonly change?: Partial<PreparedTrust>;
}

export function documentsOf({ policy, spec = {}, files = KEYS }: PolicyProfile): readonly TrustDocument[] {
  return [
    file('profile.yaml', profile({ canonicalRepositories: [NAME], ...spec })),
    file('policy.json', JSON.stringify(policy)),
    ...Object.entries(files).map(([name, bytes]) => ({ name, bytes })),
  ];
}

/** The profile `acme`, prepared from its documents as it would be published. */
export async function readPolicyTrust(parts: PolicyProfile): Promise<ReadyTrust> {
  const prepared = await prepareTrust('acme', documentsOf(parts));
  const keyrings =
    parts.hasKeyring === true
      ? { keyrings: [releaseSigner.keyring], stores: [{ url: 'https://signatures.example', origin: 'store' }] }
      : {};
  return toReadyTrust({ ...prepared, ...keyrings, ...parts.change }, NOW);
}

/** The image of these tests, which is in no index. */
export const imageManifests = createMemoryManifests({ [DIGEST]: { bytes: MANIFEST, mediaType: OCI_MANIFEST } });

export interface Asking extends Partial<Omit<ImageRequest, 'pullspec'>> {
  readonly pullspec?: string;
  readonly store?: SignatureStore;
  readonly lookaside?: SignatureStore;
  readonly manifests?: ManifestSource;
}

export async function decideBy(
  trust: ReadyTrust,
  {
    pullspec = IMAGE,
    store = untouchedStore,
    lookaside = untouchedStore,
    manifests = imageManifests,
    ...request
  }: Asking,
): Promise<Decision> {
  const dependencies = { store, lookaside, manifests, now: () => NOW, signal: new AbortController().signal };
  return await decideImage({ pullspec: parsePullspec(pullspec), ...request }, trust, dependencies);
}
