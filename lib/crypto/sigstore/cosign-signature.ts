/** A cosign signature as a layer of a `.sig` manifest has it. Nothing in it is proven. */
export interface UntrustedCosignSignature {
  readonly mimeType: string;
  readonly payload: Uint8Array;
  readonly annotations: ReadonlyMap<string, string>;
}

/** Media type of the layers that are signatures; others in the same manifest are attachments. */
export const COSIGN_SIGNATURE_TYPE = 'application/vnd.dev.cosign.simplesigning.v1+json';

/** Annotations of such a layer. */
export const CosignAnnotation = {
  signature: 'dev.cosignproject.cosign/signature',
  rekorSet: 'dev.sigstore.cosign/bundle',
  certificate: 'dev.sigstore.cosign/certificate',
  chain: 'dev.sigstore.cosign/chain',
} as const;

/** Media type of a Sigstore bundle, and artifact type of the manifest that holds one. */
export const BUNDLE_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
