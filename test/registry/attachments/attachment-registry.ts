import type { ServerResponse } from 'node:http';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import {
  BUNDLE_TYPE,
  COSIGN_REFERRER_TYPE,
  COSIGN_SIGNATURE_TYPE,
} from '../../../lib/crypto/sigstore/signature-blob.ts';
import { createAttachmentStore } from '../../../lib/registry/attachments/attachment-store.ts';
import { type createSetup, OCI_INDEX, OCI_MANIFEST, toDigest } from '../client/registry-setup.ts';

/** What a path below `/v2/team/app/` answers with; a function for what depends on the request. */
export type Answer = Content | ((response: ServerResponse, host: string, query: URLSearchParams) => void);
export interface Content {
  readonly type: string;
  readonly bytes: Uint8Array | string;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Answers = Readonly<Record<string, Answer>>;

export const IMAGE = toDigest('the image');
export const SIGNATURE_TAG = `manifests/${IMAGE.replace(':', '-')}.sig`;
export const REFERRERS_TAG = `manifests/${IMAGE.replace(':', '-')}`;
export const REFERRERS = `referrers/${IMAGE}`;
export const BUNDLE = '{"a":"bundle"}';

export function manifest(content: unknown, type = OCI_MANIFEST): Content & { readonly bytes: string } {
  return { type, bytes: JSON.stringify({ schemaVersion: 2, mediaType: type, ...(content as object) }) };
}

/** A manifest with a layer for each payload. Its signatures differ, also those of one payload. */
export function cosignManifest(payloads: readonly string[], more: object = {}) {
  const layers = payloads.map((payload, at) => ({
    mediaType: COSIGN_SIGNATURE_TYPE,
    digest: toDigest(payload),
    size: payload.length,
    annotations: { 'dev.cosignproject.cosign/signature': Buffer.from(`signature ${at}`).toString('base64') },
  }));
  return manifest({ config: {}, layers, ...more });
}

/** The same, in the form in which cosign 2 writes a referrer. */
export function cosignReferrer(payloads: readonly string[], more: object = {}) {
  const artifactType = COSIGN_REFERRER_TYPE;
  return cosignManifest(payloads, {
    artifactType,
    config: { mediaType: artifactType, digest: toDigest('{}'), size: 2 },
    subject: { digest: IMAGE },
    ...more,
  });
}

export function bundleManifest(subject: string = IMAGE, more: object = {}) {
  const layers = [{ mediaType: BUNDLE_TYPE, digest: toDigest(BUNDLE), size: BUNDLE.length }];
  return manifest({ config: {}, layers, artifactType: BUNDLE_TYPE, subject: { digest: subject }, ...more });
}

export function describeManifest(
  bytes: string,
  artifactType: string | undefined = BUNDLE_TYPE,
  mediaType = OCI_MANIFEST,
) {
  return { mediaType, digest: toDigest(bytes), size: bytes.length, artifactType };
}

export function index(descriptors: readonly unknown[]): Content & { readonly bytes: string } {
  return manifest({ manifests: descriptors }, OCI_INDEX);
}

/** What a store reads from a registry that answers so; what is not named is a 404. */
export async function readEntries(setup: ReturnType<typeof createSetup>, answers: Answers) {
  const registry = await setup.serve((request, response) => {
    const url = new URL(request.url ?? '', 'http://registry.test');
    const answer = answers[url.pathname.replace('/v2/team/app/', '')];
    if (answer === undefined) response.writeHead(404).end();
    else if (typeof answer === 'function') answer(response, request.headers.host ?? '', url.searchParams);
    else response.writeHead(200, { 'content-type': answer.type, ...answer.headers }).end(answer.bytes);
  });
  const client = setup.connect({ allowed: [registry.host], plain: [registry.host] });
  const store = createAttachmentStore(async () => client);
  const repository = parseRepository(`${registry.host}/team/app`);
  const { signal } = new AbortController();
  const entries: string[] = [];
  const messages: string[] = [];
  for await (const entry of store.fetchSignatures({ digest: IMAGE, repository }, signal)) {
    entries.push(entry.kind === 'failed' ? `failed ${entry.error.code}` : entry.kind);
    if (entry.kind === 'failed') messages.push(entry.error.message);
    if (entry.kind === 'absent' && entry.message !== undefined) messages.push(entry.message);
  }
  return { entries, messages, asked: registry.requests.map(({ path }) => path.replace('/v2/team/app/', '')) };
}
