import { toDigest } from './registry-setup.ts';

/** What a test puts into a registry under a tag or a digest. */
export interface PushedManifest {
  readonly reference: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** A blob, in one request. @throws Error with the registry's answer */
export async function pushBlob(host: string, repository: string, bytes: Uint8Array): Promise<void> {
  const started = await fetch(`http://${host}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  const location = new URL(started.headers.get('location') ?? '', `http://${host}`);
  location.searchParams.set('digest', toDigest(bytes));
  await expectCreated(await fetch(location, { method: 'PUT', body: new Uint8Array(bytes) }));
}

/** @throws Error with the registry's answer */
export async function pushManifest(host: string, repository: string, manifest: PushedManifest): Promise<void> {
  const { reference, mediaType, bytes } = manifest;
  const url = `http://${host}/v2/${repository}/manifests/${reference}`;
  const headers = { 'content-type': mediaType };
  await expectCreated(await fetch(url, { method: 'PUT', body: new Uint8Array(bytes), headers }));
}

async function expectCreated(response: Response): Promise<void> {
  const text = await response.text();
  if (response.status !== 201) throw new Error(`${response.url}: ${response.status} ${text}`);
}
