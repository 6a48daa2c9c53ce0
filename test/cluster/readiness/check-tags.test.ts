import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import { findDemands } from '../../../lib/cluster/readiness/check-cluster.ts';
import { checkTags, MAX_TAGS, proveTags } from '../../../lib/cluster/readiness/check-tags.ts';
import { createNodeAttachmentStore } from '../../../lib/registry/attachments/node-store.ts';
import {
  makeAttachment,
  makeImage,
  NOW,
  otherKeys,
  RELEASES,
  readMirrorTrust,
  type SignaturePlan,
} from '../../mirror/check/mirror-setup.ts';
import { readBeside } from '../../registry/attachments/memory-attachments.ts';

const { prepared } = await readMirrorTrust();
const repository = parseRepository(RELEASES);
const { digest } = makeImage('a release');
const TAGGED = `${RELEASES}:4.22.1-x86_64`;
const DIGEST = `${RELEASES}@${digest}`;
const demands = findDemands('4.22');

/** The finding for a release with these signatures beside it, which is pulled by tag. */
async function check(plans: readonly SignaturePlan[], more: readonly string[] = [], isDown = false) {
  const tag = makeAttachment(digest, plans);
  const claimed = { names: [...plans.map(({ reference = DIGEST }) => reference), ...more], failed: [] };
  const nodeAttachments = createNodeAttachmentStore(async () => {
    if (isDown) throw new StoreError('ConnectionFailed', 'refused');
    return await Promise.resolve(readBeside(digest, { tag }));
  });
  const { signal } = new AbortController();
  const proven = await proveTags({ repository, digest, claimed, nodeAttachments, prepared, now: NOW, signal });
  return checkTags([{ claimed, proven }], demands);
}

describe('a release that is pulled by tag too', () => {
  test.each<[name: string, plans: readonly SignaturePlan[], answer: string]>([
    ['signed by tag', [{ reference: TAGGED }], 'yes'],
    ['signed by digest and by tag', [{}, { reference: TAGGED }], 'yes'],
    ['signed by digest alone', [{}], 'no'],
    ['signed by digest, and called by a tag by another key', [{}, { reference: TAGGED, keys: otherKeys }], 'no'],
    ['called so by a signature of another image', [{}, { reference: TAGGED, digest: makeImage('x').digest }], 'no'],
    ['signed for another repository', [{}, { reference: 'registry.example.com/other:4.22.1-x86_64' }], 'no'],
  ])('%s', async (_, plans, answer) => {
    expect((await check(plans)).answer).toBe(answer);
  });

  test('a registry that fails leaves it open, and so do more tags than are verified', async () => {
    expect((await check([{ reference: TAGGED }], [], true)).answer).toBe('unknown');
    const junk = Array.from({ length: MAX_TAGS }, (_, at) => ({ reference: `${RELEASES}:x${at}`, keys: otherKeys }));
    expect((await check([...junk, { reference: TAGGED }])).answer).toBe('unknown');
  });

  test('where nothing pulls by tag, nothing has to be signed by one', () => {
    const claimed = { names: [], failed: [] };
    expect(checkTags([{ claimed, proven: undefined }], demands).answer).toBe('yes');
  });
});
