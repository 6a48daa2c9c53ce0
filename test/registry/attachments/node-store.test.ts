import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import { createNodeLookaside } from '../../../lib/registry/attachments/node-lookaside.ts';
import {
  createNodeAttachmentStore,
  createProfileNodeAttachments,
  MAX_NODE_LAYERS,
} from '../../../lib/registry/attachments/node-store.ts';
import { NODES_REFUSE, type SignatureStore, type StoreEntry } from '../../../lib/stores/port/signature-store.ts';
import type { MirrorRule } from '../../../lib/trust/prepared/prepared-trust.ts';
import { makeAttachment, makeImage, makeReferrer, RELEASES, readMirrorTrust } from '../../mirror/check/mirror-setup.ts';
import { readBeside } from './memory-attachments.ts';

const { digest } = makeImage('for nodes');
const repository = parseRepository(RELEASES);
const { signal } = new AbortController();
const { prepared } = await readMirrorTrust();

async function shownOf(store: SignatureStore, query = { digest, repository }): Promise<readonly string[]> {
  const entries = await Array.fromAsync(store.fetchSignatures(query, signal));
  return entries.map((entry) => {
    if (entry.kind === 'failed') return `failed ${entry.error.code}`;
    return entry.kind === 'absent' && entry.message?.startsWith(NODES_REFUSE) === true ? 'refused' : entry.kind;
  });
}

describe('what nodes read beside an image', () => {
  test('the layers of the tag, and nothing that refers to the image', async () => {
    const reader = readBeside(digest, { tag: makeAttachment(digest, [{}, {}]), referrers: [makeReferrer(digest)] });
    expect(await shownOf(createNodeAttachmentStore(async () => reader))).toEqual(['signature', 'signature', 'absent']);
    const bundles = readBeside(digest, { referrers: [makeReferrer(digest)] });
    expect(await shownOf(createNodeAttachmentStore(async () => bundles))).toEqual(['absent']);
  });

  test.each([
    { layers: MAX_NODE_LAYERS, expected: 'signature' },
    { layers: MAX_NODE_LAYERS + 1, expected: 'failed LimitExceeded' },
  ])('$layers layers: $expected', async ({ layers, expected }) => {
    const plans = Array.from({ length: layers }, () => ({ change: () => 'AAAA' }));
    const reader = readBeside(digest, { tag: makeAttachment(digest, plans) });
    expect((await shownOf(createNodeAttachmentStore(async () => reader)))[0]).toBe(expected);
  });

  test('a registry that does not answer leaves it open', async () => {
    const store = createNodeAttachmentStore(async () => await Promise.reject(new StoreError('ConnectionFailed', 'no')));
    expect(await shownOf(store)).toEqual(['failed ConnectionFailed']);
  });
});

describe('where nodes with mirror sets pull', () => {
  const rule: MirrorRule = {
    source: RELEASES,
    mirrors: ['mirror.example.com/one', 'mirror.example.com/two'],
    origin: 'idms.yaml',
    neverContactSource: false,
  };
  const signed = readBeside(digest, { tag: makeAttachment(digest) });
  const image = {
    bytes: makeImage('for nodes').bytes,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest,
  } as const;

  /** Registries by what each place answers for the image; the second mirror alone has the signature. */
  function openPlaces(answers: Readonly<Record<string, 'there' | 'NotFound' | 'Unavailable'>>): SignatureStore {
    const client = {
      ...signed,
      readManifest: async (...given: Parameters<typeof signed.readManifest>) => {
        const [place, reference] = given;
        if (reference === digest) {
          const answer = answers[place] ?? 'NotFound';
          if (answer !== 'there') throw new StoreError(answer, 'no');
          return image;
        }
        if (place !== 'mirror.example.com/two') throw new StoreError('NotFound', 'no signature');
        return await signed.readManifest(...given);
      },
    };
    const registries = { openRegistry: async () => client };
    return createProfileNodeAttachments(registries, { ...prepared, mirrorRules: [rule] });
  }

  test.each<{ name: string; answers: Parameters<typeof openPlaces>[0]; expected: readonly string[] }>([
    {
      name: 'the first mirror lacks the image: its second is read',
      answers: { 'mirror.example.com/two': 'there' },
      expected: ['signature', 'absent'],
    },
    {
      name: 'the first mirror has the image without a signature: no other is read',
      answers: { 'mirror.example.com/one': 'there', 'mirror.example.com/two': 'there' },
      expected: ['absent'],
    },
    { name: 'nobody has the image', answers: {}, expected: ['failed NotFound'] },
    {
      name: 'nobody has it, and one did not answer',
      answers: { 'mirror.example.com/one': 'Unavailable' },
      expected: ['failed Unavailable'],
    },
  ])('$name', async ({ answers, expected }) => {
    expect(await shownOf(openPlaces(answers))).toEqual(expected);
  });
});

describe('what nodes read of a lookaside', () => {
  const toStore = (entries: readonly StoreEntry[]): SignatureStore => ({
    description: 'lookaside',
    async *fetchSignatures() {
      yield* entries;
    },
  });
  const signature = (bytes: readonly number[], location = 'l'): StoreEntry => ({
    kind: 'signature',
    store: 's',
    location,
    untrustedBytes: Uint8Array.from(bytes),
  });
  const message = signature([0xa3, 1]);
  const absent: StoreEntry = { kind: 'absent', store: 's', location: 'l' };

  test.each<{ name: string; entries: readonly StoreEntry[]; expected: readonly string[] }>([
    { name: 'messages', entries: [message, message, absent], expected: ['signature', 'signature', 'absent'] },
    { name: 'a page behind a message', entries: [message, signature([0x3c, 0x68])], expected: ['refused'] },
    { name: 'a format that is not known', entries: [message, signature([0, 0x78, 0x0a])], expected: ['refused'] },
    {
      name: 'the same by the signature extension, which has no format',
      entries: [signature([0x3c], 'r (signature extension)#1'), absent],
      expected: ['signature', 'absent'],
    },
    {
      name: 'more than they read',
      entries: [message, { kind: 'failed', store: 's', location: 'l', error: new StoreError('LimitExceeded', 'more') }],
      expected: ['refused'],
    },
    {
      name: 'a store that fails',
      entries: [message, { kind: 'failed', store: 's', location: 'l', error: new StoreError('TimedOut', 'late') }],
      expected: ['signature', 'failed TimedOut'],
    },
  ])('$name: $expected', async ({ entries, expected }) => {
    expect(await shownOf(createNodeLookaside(toStore(entries)))).toEqual(expected);
  });
});
