import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { StoreError } from '../../../../lib/base/errors/store-error.ts';
import type { Digest } from '../../../../lib/base/names/digest.ts';
import { parseRepository } from '../../../../lib/base/names/reference.ts';
import { readSigstoreEvidence } from '../../../../lib/mirror/check/evidence.ts';
import { type CopiedAttachments, copyAttachments } from '../../../../lib/mirror/sigstore/copy-attachments.ts';
import type { AttachmentDestination } from '../../../../lib/mirror/sigstore/update-tag.ts';
import { createHttpClient } from '../../../../lib/platform/http/http-client.ts';
import { createAttachmentStore } from '../../../../lib/registry/attachments/attachment-store.ts';
import { toReferrersTag, toSignatureTag } from '../../../../lib/registry/attachments/attachment.ts';
import { createRegistryClient } from '../../../../lib/registry/client/registry-client.ts';
import { createRegistryPusher } from '../../../../lib/registry/client/registry-pusher.ts';
import {
  type MadeAttachment,
  makeAttachment,
  makeImage,
  makeReferrer,
  NOW,
  otherKeys,
  pushAttachment,
  pushReferrer,
  RELEASES,
  readMirrorTrust,
  type SignaturePlan,
} from '../../../mirror/check/mirror-setup.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../../registry/client/registry-setup.ts';
import { startReferrersRegistry } from '../../../registry/client/start-referrers-registry.ts';
import { startRegistry } from '../../../registry/client/start-registry.ts';
import { createMemoryManifests } from '../../../support/memory-manifests.ts';
import { findTool } from '../../../support/tools.ts';

const { signal } = new AbortController();
const { prepared } = await readMirrorTrust();
const referrers = findTool('referrers-registry');
const debian = findTool('docker-registry');

interface Place {
  readonly name: string;
  readonly hasReferrers: boolean;
  start(): Promise<{ readonly host: string; stop(): Promise<void> }>;
}

const withReferrers: readonly Place[] =
  referrers === undefined
    ? []
    : [{ name: 'referrers', hasReferrers: true, start: () => startReferrersRegistry(referrers) }];
const withoutReferrers: readonly Place[] =
  debian === undefined ? [] : [{ name: 'no referrers', hasReferrers: false, start: () => startRegistry(debian) }];
const places = [...withReferrers, ...withoutReferrers];
const pairs = places.flatMap((from) => places.map((to) => ({ name: `from ${from.name} to ${to.name}`, from, to })));

describe.each(pairs)('copied $name', ({ from, to }) => {
  let source: { readonly host: string; stop(): Promise<void> };
  let target: { readonly host: string; stop(): Promise<void> };
  const closers: (() => void)[] = [];
  beforeAll(async () => {
    source = await from.start();
    target = await to.start();
  });
  afterEach(() => {
    for (const close of closers.splice(0)) close();
  });
  afterAll(async () => {
    await source.stop();
    await target.stop();
  });

  function connect(host: string) {
    const http = createHttpClient({ allowPrivateAddresses: true });
    closers.push(() => http.close());
    const options = { http, allowedHosts: [host], plainHttpHosts: [host] };
    return { reader: createRegistryClient(options), pusher: createRegistryPusher(options) };
  }

  /** A new image that exists nowhere else: what happens to one says nothing of another. */
  let count = 0;
  function makeOne(): Digest {
    count += 1;
    return makeImage(`${from.name} ${to.name} ${count}`).digest;
  }

  interface Copy {
    readonly replace?: boolean;
    readonly pusher?: (real: AttachmentDestination['pusher']) => AttachmentDestination['pusher'];
  }

  async function copy(
    digest: Digest,
    { replace = false, pusher = (real) => real }: Copy = {},
  ): Promise<CopiedAttachments> {
    const { reader } = connect(source.host);
    const destination = connect(target.host);
    const [copied] = await copyAttachments({
      images: [
        {
          digest,
          repository: parseRepository(RELEASES),
          place: parseRepository(`${source.host}/mirror/release`),
          to: parseRepository(`${target.host}/site/release`),
          names: [],
        },
      ],
      reader,
      destination: { ...destination, pusher: pusher(destination.pusher) },
      replace,
      concurrency: 1,
      prepared,
      now: () => NOW,
      signal,
    });
    if (copied === undefined) throw new Error('nothing came back');
    return copied;
  }

  const shown = ({ outcome, attachments }: CopiedAttachments) => [outcome, ...attachments.map((one) => one.outcome)];

  async function putSource(
    digest: Digest,
    made: { cosign?: MadeAttachment; bundle?: ReturnType<typeof makeReferrer> },
  ) {
    if (made.cosign !== undefined) await pushAttachment(source.host, digest, made.cosign);
    if (made.bundle !== undefined) {
      await pushReferrer(source.host, digest, made.bundle, { isListed: !from.hasReferrers });
    }
  }

  async function evidenceAt(digest: Digest) {
    const { reader } = connect(target.host);
    const question = {
      digest,
      repository: parseRepository(RELEASES),
      place: parseRepository(`${target.host}/site/release`),
    };
    return (
      await readSigstoreEvidence(
        question,
        prepared,
        { attachments: createAttachmentStore(async () => reader), registry: createMemoryManifests() },
        NOW,
        signal,
      )
    ).state;
  }

  async function manifestAt(reference: string): Promise<string | undefined> {
    const response = await fetch(`http://${target.host}/v2/site/release/manifests/${reference}`, {
      headers: { accept: `${OCI_MANIFEST}, ${OCI_INDEX}` },
    });
    return response.status === 200 ? await response.text() : undefined;
  }

  test.each([
    { name: 'a cosign signature', cosign: true, bundle: false },
    { name: 'a bundle', cosign: false, bundle: true },
    { name: 'both', cosign: true, bundle: true },
  ])('$name, byte for byte, and once', async ({ cosign, bundle }) => {
    const digest = makeOne();
    const made = {
      ...(cosign ? { cosign: makeAttachment(digest, [{}, {}]) } : {}),
      ...(bundle ? { bundle: makeReferrer(digest) } : {}),
    };
    await putSource(digest, made);
    const number = Object.keys(made).length;
    expect(shown(await copy(digest))).toEqual(['complete', ...Array<string>(number).fill('copied')]);
    expect(await evidenceAt(digest)).toBe('valid');
    if (made.cosign !== undefined) expect(await manifestAt(toSignatureTag(digest))).toBe(made.cosign.bytes.toString());
    if (made.bundle !== undefined) expect(await manifestAt(made.bundle.digest)).toBe(made.bundle.bytes.toString());
    const writes: string[] = [];
    const counting = (): AttachmentDestination['pusher'] => ({
      pushBlob: async () => writes.push('blob') > 0,
      pushManifest: async () => ({ isListed: writes.push('manifest') > 0 }),
    });
    expect(shown(await copy(digest, { pusher: counting }))).toEqual([
      'complete',
      ...Array<string>(number).fill('held'),
    ]);
    expect(writes).toEqual([]);
  });

  test('nothing is there: absent, and nothing is written', async () => {
    expect(shown(await copy(makeOne()))).toEqual(['absent']);
  });

  test('by another key: invalid, and nothing is written', async () => {
    const digest = makeOne();
    await putSource(digest, {
      cosign: makeAttachment(digest, [{ keys: otherKeys }]),
      bundle: makeReferrer(digest, otherKeys),
    });
    const copied = await copy(digest);
    expect([shown(copied), copied.rejected.length]).toEqual([['invalid'], 2]);
    expect([await manifestAt(toSignatureTag(digest)), await evidenceAt(digest)]).toEqual([undefined, 'absent']);
  });

  test('one that verifies is copied beside one that does not, which is left out', async () => {
    const digest = makeOne();
    await putSource(digest, { cosign: makeAttachment(digest), bundle: makeReferrer(digest, otherKeys) });
    const copied = await copy(digest);
    expect([shown(copied), copied.rejected.length]).toEqual([['complete', 'copied'], 1]);
  });

  test.each<{
    name: string;
    other?: SignaturePlan;
    replace?: boolean;
    expected: string;
    now: 'ours' | 'theirs' | 'both';
  }>([
    { name: 'with other signatures that verify', other: {}, expected: 'merged', now: 'both' },
    { name: 'with them, and told to replace', other: {}, replace: true, expected: 'replaced', now: 'ours' },
    { name: 'with what does not verify', other: { keys: otherKeys }, expected: 'conflict', now: 'theirs' },
    {
      name: 'with that, and told to replace',
      other: { keys: otherKeys },
      replace: true,
      expected: 'replaced',
      now: 'ours',
    },
    { name: 'with fewer of the same', expected: 'merged', now: 'ours' },
  ])('a tag $name: $expected', async ({ other, replace = false, expected, now }) => {
    const digest = makeOne();
    const ours = makeAttachment(digest, [{}, {}]);
    await putSource(digest, { cosign: ours });
    const theirs = other === undefined ? takeFirst(ours) : makeAttachment(digest, [other]);
    await pushAttachment(target.host, digest, theirs, 'site/release');
    const isConflict = expected === 'conflict';
    expect(shown(await copy(digest, { replace }))).toEqual([isConflict ? 'conflict' : 'complete', expected]);
    const manifest = await manifestAt(toSignatureTag(digest));
    if (now === 'both') expect(layersOf(manifest)).toEqual([...layersOf(theirs.bytes), ...layersOf(ours.bytes)]);
    else expect(manifest).toBe((now === 'ours' ? ours : theirs).bytes.toString());
    expect(await evidenceAt(digest)).toBe(isConflict ? 'invalid' : 'valid');
    if (!replace && !isConflict) expect(shown(await copy(digest))).toEqual(['complete', 'held']);
  });

  test('cut off after any write, the next run does what is left', async () => {
    for (let allowed = 0; ; allowed += 1) {
      const digest = makeOne();
      await putSource(digest, { cosign: makeAttachment(digest), bundle: makeReferrer(digest) });
      let left = allowed;
      const spend = (): void => {
        left -= 1;
        if (left < 0) throw new StoreError('ConnectionFailed', 'cut off');
      };
      const breaking = (real: AttachmentDestination['pusher']): AttachmentDestination['pusher'] => ({
        pushBlob: async (...given) => {
          spend();
          return await real.pushBlob(...given);
        },
        pushManifest: async (...given) => {
          spend();
          return await real.pushManifest(...given);
        },
      });
      const first = await copy(digest, { pusher: breaking });
      // What is there is never half of a signature.
      expect(['valid', 'absent']).toContain(await evidenceAt(digest));
      expect((await copy(digest)).outcome).toBe('complete');
      expect(await evidenceAt(digest)).toBe('valid');
      if (first.outcome === 'complete') break;
      expect(first.outcome).toBe('failed');
    }
  });

  test.runIf(!to.hasReferrers)('the index keeps what else it lists', async () => {
    const digest = makeOne();
    const other = makeReferrer(digest, otherKeys);
    await pushReferrer(target.host, digest, other, { place: 'site/release', isListed: true });
    const bundle = makeReferrer(digest);
    await putSource(digest, { bundle });
    expect(shown(await copy(digest))).toEqual(['complete', 'copied']);
    const index = JSON.parse((await manifestAt(toReferrersTag(digest))) ?? '') as { manifests: { digest: string }[] };
    expect(index.manifests.map((one) => one.digest)).toEqual([other.digest, bundle.digest]);
    expect(await evidenceAt(digest)).toBe('valid');
  });
});

/** The same manifest with its first layer alone. */
function takeFirst({ bytes, blobs }: MadeAttachment): MadeAttachment {
  const content = JSON.parse(bytes.toString()) as { layers: readonly unknown[] };
  return { bytes: Buffer.from(JSON.stringify({ ...content, layers: content.layers.slice(0, 1) })), blobs };
}

function layersOf(manifest: Uint8Array | string | undefined): readonly unknown[] {
  return (JSON.parse(manifest?.toString() ?? '') as { layers: readonly unknown[] }).layers;
}
