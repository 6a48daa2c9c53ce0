import { createHash } from 'node:crypto';
import { type Digest, parseDigest } from '../lib/base/names/digest.ts';
import { MANIFEST_MEDIA_TYPES } from '../lib/registry/client/registry-answers.ts';

/** A manifest of made-up content, the same bytes on every machine, so that sample events can name its digest. */
export interface DemoManifest {
  readonly digest: Digest;
  readonly manifest: Uint8Array;
}

/** A made-up release image. */
export interface DemoImage extends DemoManifest {
  readonly title: string;
  readonly tag: string;
}

/** Every demo manifest's media type. */
export const DEMO_MEDIA_TYPE = MANIFEST_MEDIA_TYPES[1];

const BUNDLE_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/** The releases by their titles; what each signature is like, `makeDemoReleases` says. */
export const DEMO_IMAGES = {
  first: toImage('release 1.0.0', '1.0.0'),
  patch: toImage('release 1.0.1', '1.0.1'),
  minor: toImage('release 1.1.0', '1.1.0'),
  wrongKey: toImage('signed by a stranger’s key', '1.2.0'),
  tampered: toImage('tampered after signing', '1.2.1'),
  otherRepository: toImage('signed for another repository', '1.2.2'),
  unsigned: toImage('not signed', '1.2.3'),
} as const;

/** What is pushed when somebody attaches a signature to release 1.0.0: a manifest without a tag whose subject it is. */
export const DEMO_REFERRER: DemoManifest = toReferrer(DEMO_IMAGES.first);

/** All that the demo's registry holds. */
export const DEMO_MANIFESTS: readonly (DemoManifest & { readonly tag?: string })[] = [
  ...Object.values(DEMO_IMAGES),
  DEMO_REFERRER,
];

/** The SHA-256 digest of a text or of bytes. */
export function digestOf(content: string | Uint8Array): Digest {
  return parseDigest(`sha256:${createHash('sha256').update(content).digest('hex')}`);
}

function toImage(title: string, tag: string): DemoImage {
  const layer = `The files of release ${tag}.\n`;
  const config = {
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
  };
  return {
    title,
    tag,
    ...toManifest({
      config: describe('application/vnd.oci.image.config.v1+json', JSON.stringify(config)),
      layers: [describe('application/vnd.oci.image.layer.v1.tar', layer)],
      annotations: { 'org.opencontainers.image.version': tag },
    }),
  };
}

function toReferrer({ digest, manifest }: DemoManifest): DemoManifest {
  return toManifest({
    artifactType: BUNDLE_TYPE,
    config: { ...describe('application/vnd.oci.empty.v1+json', '{}'), data: 'e30=' },
    layers: [describe(BUNDLE_TYPE, 'A signature of release 1.0.0.\n')],
    subject: { mediaType: DEMO_MEDIA_TYPE, digest, size: manifest.length },
    annotations: { 'dev.sigstore.bundle.content': 'message-signature' },
  });
}

function toManifest(content: object): DemoManifest {
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: DEMO_MEDIA_TYPE, ...content }));
  return { digest: digestOf(manifest), manifest };
}

/** The blobs that descriptors describe are nowhere: a verdict reads manifests alone. */
function describe(mediaType: string, content: string): { mediaType: string; digest: Digest; size: number } {
  return { mediaType, digest: digestOf(content), size: Buffer.byteLength(content) };
}
