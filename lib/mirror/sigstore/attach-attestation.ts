import { hash, type KeyObject } from 'node:crypto';
import { type Digest, parseDigest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import { parseEnvelope } from '../../crypto/attestation/envelope.ts';
import { BUNDLE_TYPE } from '../../crypto/sigstore/signature-blob.ts';
import { toKeyBytes } from '../../crypto/sigstore/x509/public-key.ts';
import type { PushedBlob } from '../../registry/client/registry-pusher.ts';
import { putReferrer } from './put-attachment.ts';
import type { AttachmentDestination } from './update-tag.ts';

/** An attestation that was verified, by this key. */
export interface AttachedAttestation {
  readonly envelope: Uint8Array;
  readonly predicateType: string;
  readonly key: KeyObject;
}

const OCI_MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
const EMPTY_TYPE = 'application/vnd.oci.empty.v1+json';

/** The envelope as a Sigstore bundle (sigstore/protobuf-specs, 0.3), without entries of a log: there are none. */
export function toBundle({ envelope, key }: Pick<AttachedAttestation, 'envelope' | 'key'>): Buffer {
  const { payloadType, payload, signature } = parseEnvelope(envelope);
  const hint = hash('sha256', toKeyBytes(key), 'buffer').toString('base64');
  return Buffer.from(
    JSON.stringify({
      mediaType: BUNDLE_TYPE,
      verificationMaterial: { publicKey: { hint } },
      dsseEnvelope: {
        payload: payload.toString('base64'),
        payloadType,
        signatures: [{ sig: signature.toString('base64') }],
      },
    }),
  );
}

/**
 * Puts an attestation beside an image, as cosign does: a manifest with the bundle, which refers to the image.
 *
 * @throws StoreError; `NotFound` when the repository does not have the image
 */
export async function attachAttestation(
  attestation: AttachedAttestation,
  image: { readonly place: Repository; readonly digest: Digest },
  destination: AttachmentDestination,
  signal: AbortSignal,
): Promise<'copied' | 'held'> {
  const bundle = toBlob(toBundle(attestation));
  const empty = toBlob(Buffer.from('{}'));
  const subject = await destination.reader.readManifest(image.place, image.digest, signal);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST_TYPE,
      artifactType: BUNDLE_TYPE,
      config: { mediaType: EMPTY_TYPE, digest: empty.digest, size: empty.bytes.length },
      layers: [{ mediaType: BUNDLE_TYPE, digest: bundle.digest, size: bundle.bytes.length }],
      subject: { mediaType: subject.mediaType, digest: image.digest, size: subject.bytes.length },
      annotations: {
        'dev.sigstore.bundle.content': 'dsse-envelope',
        'dev.sigstore.bundle.predicateType': attestation.predicateType,
      },
    }),
  );
  const { digest, bytes } = toBlob(manifest);
  const attachment = {
    form: 'bundle',
    manifest: { digest, bytes, mediaType: OCI_MANIFEST_TYPE },
    blobs: [empty, bundle],
  } as const;
  return await putReferrer(attachment, image, destination, { signal });
}

function toBlob(bytes: Buffer): PushedBlob {
  return { digest: parseDigest(`sha256:${hash('sha256', bytes)}`), bytes };
}
