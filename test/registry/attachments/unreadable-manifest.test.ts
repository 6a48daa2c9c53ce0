import { expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import { BUNDLE_TYPE } from '../../../lib/crypto/sigstore/signature-blob.ts';
import { createAttachmentStore } from '../../../lib/registry/attachments/attachment-store.ts';
import { type AttachmentReader, toSignatureTag } from '../../../lib/registry/attachments/attachment.ts';
import { OCI_MANIFEST, toDigest } from '../client/registry-setup.ts';
import { BUNDLE, bundleManifest, IMAGE } from './attachment-registry.ts';

const REPOSITORY = parseRepository('registry.example.com/team/app');
const good = bundleManifest();
/** Nothing that a registry client hands on: what reads it throws an error of the language. */
const faulty = Buffer.from([0xff]);
const toEntry = (bytes: string | Uint8Array) => ({
  mediaType: OCI_MANIFEST,
  digest: parseDigest(toDigest(bytes)),
  artifactType: BUNDLE_TYPE,
});

/** A registry with these bundles; under the tag of signatures is what cannot be read, too. */
function readerOf(bundles: readonly (string | Uint8Array)[]): AttachmentReader {
  const manifests = new Map<string, string | Uint8Array>(bundles.map((bytes) => [toDigest(bytes), bytes]));
  manifests.set(toSignatureTag(parseDigest(IMAGE)), faulty);
  return {
    async readManifest(_, reference) {
      const found = manifests.get(reference);
      if (found === undefined) throw new StoreError('NotFound', reference);
      return { bytes: Buffer.from(found), mediaType: OCI_MANIFEST, digest: parseDigest(toDigest(found)) };
    },
    readBlob: async () => Buffer.from(BUNDLE),
    listReferrers: async () => ({ descriptors: bundles.map(toEntry) }),
  };
}

test.each<[name: string, bundles: readonly (string | Uint8Array)[], expected: readonly string[]]>([
  ['before a good one', [faulty, good.bytes], ['failed', 'failed', 'signature', 'absent']],
  ['behind it', [good.bytes, faulty], ['failed', 'signature', 'failed', 'absent']],
  ['alone', [faulty], ['failed', 'failed', 'absent']],
])('a manifest that makes Signet fail is a failure of its own: %s', async (_, bundles, expected) => {
  const store = createAttachmentStore(async () => readerOf(bundles));
  const { signal } = new AbortController();
  const entries = await Array.fromAsync(
    store.fetchSignatures({ digest: parseDigest(IMAGE), repository: REPOSITORY }, signal),
  );
  expect(entries.map(({ kind }) => kind)).toEqual(expected);
  for (const entry of entries) {
    if (entry.kind !== 'failed') continue;
    expect(entry.error).toMatchObject({
      code: 'BodyInvalid',
      message: expect.stringContaining('internal fault: TypeError') as unknown,
    });
  }
});

test('the abort of its signal is no fault of a manifest', async () => {
  const controller = new AbortController();
  const reason = new StoreError('TimedOut', 'the time is up');
  const reader: AttachmentReader = {
    ...readerOf([]),
    readManifest: async () => {
      controller.abort(reason);
      return { bytes: faulty, mediaType: OCI_MANIFEST, digest: parseDigest(toDigest(faulty)) };
    },
  };
  const entries = createAttachmentStore(async () => reader).fetchSignatures(
    { digest: parseDigest(IMAGE), repository: REPOSITORY },
    controller.signal,
  );
  await expect(Array.fromAsync(entries)).rejects.toBe(reason);
});
