import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Digest } from '../../../lib/base/names/digest.ts';
import { prepareSigstoreTrust, type SigstoreTrust } from '../../../lib/crypto/sigstore/sigstore-trust.ts';
import { pushBlob, pushManifest } from '../client/push-content.ts';
import { OCI_INDEX, OCI_MANIFEST, toDigest } from '../client/registry-setup.ts';

/** What the real cosign made: see test/fixtures/cosign/README.md. */
export const COSIGN_FIXTURES = path.join(import.meta.dirname, '../../fixtures/cosign');
/** What the signatures say the image is called. */
export const SIGNED_NAME = 'registry.example.com/product/release';
export const SIGNER_EMAIL = 'release@example.com';

/** A manifest of the layout with what it names, as it is pushed. */
export interface CosignManifest {
  readonly repository: string;
  /** Tag, or digest for what the referrers API names. */
  readonly reference: string;
  readonly bytes: Buffer;
  readonly blobs: readonly Buffer[];
}

export interface CosignImages {
  readonly release: Digest;
  readonly other: Digest;
  readonly manifests: readonly CosignManifest[];
  /** PEM files by their name. */
  readonly key: (name: string) => Promise<Buffer>;
}

interface ManifestContent {
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly digest: string }[];
  readonly subject?: { readonly digest: string };
}

/** Reads a layout that `makeCosignImages` wrote. */
export async function readCosignImages(directory = COSIGN_FIXTURES): Promise<CosignImages> {
  const layout = path.join(directory, 'layout');
  const readBlob = (digest: string): Promise<Buffer> =>
    readFile(path.join(layout, 'blobs/sha256', digest.slice('sha256:'.length)));
  const { manifests: listed } = JSON.parse(await readFile(path.join(layout, 'index.json'), 'utf8')) as {
    readonly manifests: readonly { readonly digest: string; readonly annotations: Readonly<Record<string, string>> }[];
  };
  const manifests = await Promise.all(
    listed.map(async ({ digest, annotations }): Promise<CosignManifest> => {
      const bytes = await readBlob(digest);
      const { config, layers } = parseContent(bytes);
      const blobs = await Promise.all([config, ...layers].map((blob) => readBlob(blob.digest)));
      const [name = ''] = Object.values(annotations);
      const [, repository = '', reference = ''] = /^([^:@]*)[:@](.*)$/.exec(name) ?? [];
      return { repository, reference, bytes, blobs };
    }),
  );
  const named = (tag: string): Digest => toDigest(manifests.find(({ reference }) => reference === tag)?.bytes ?? '');
  const key = (name: string): Promise<Buffer> => readFile(path.join(directory, 'keys', name));
  return { release: named('release'), other: named('other'), manifests, key };
}

/** Pushes manifests with their blobs, under their own names. */
export async function pushCosignManifests(host: string, manifests: readonly CosignManifest[]): Promise<void> {
  for (const { repository, reference, bytes, blobs } of manifests) {
    for (const blob of blobs) await pushBlob(host, repository, blob);
    await pushManifest(host, repository, { reference, mediaType: OCI_MANIFEST, bytes });
  }
}

/**
 * What cosign writes where a registry has no referrers API: the index under the fallback tag, in its very words.
 *
 * @param of the image, where it is not the manifests' own subject
 */
export async function pushFallbackIndex(
  host: string,
  repository: string,
  manifests: readonly CosignManifest[],
  of?: Digest,
): Promise<void> {
  const bundles = manifests.filter(({ reference }) => reference.startsWith('sha256:'));
  for (const [subject, group] of Map.groupBy(bundles, ({ bytes }) => of ?? parseContent(bytes).subject?.digest ?? '')) {
    const entries = group.map(({ bytes }) => ({
      mediaType: OCI_MANIFEST,
      size: bytes.length,
      digest: toDigest(bytes),
      artifactType: 'application/vnd.oci.empty.v1+json',
    }));
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: entries }));
    await pushManifest(host, repository, { reference: subject.replace(':', '-'), mediaType: OCI_INDEX, bytes });
  }
}

export function parseContent(bytes: Uint8Array): ManifestContent {
  return JSON.parse(Buffer.from(bytes).toString('utf8')) as ManifestContent;
}

/**
 * The trust that signatures of the fixtures need: keys by their names, with a log where `rekor` is given; `pki` for the
 * private authority.
 */
export async function toCosignTrust(
  { key }: Pick<CosignImages, 'key'>,
  names: readonly string[],
  rekor: readonly string[] = [],
): Promise<SigstoreTrust> {
  if (names[0] === 'pki') {
    const pem = await key('root.crt');
    const source = { kind: 'pki', caRoots: 'root', caIntermediates: undefined, subjectHostname: undefined } as const;
    return prepareSigstoreTrust({ ...source, subjectEmail: SIGNER_EMAIL }, () => pem);
  }
  const read = async (name: string) => createPublicKey(await key(`${name}.pub`));
  const keys = await Promise.all(names.map(read));
  return { kind: 'keys', keys, rekorKeys: await Promise.all(rekor.map(read)) };
}
