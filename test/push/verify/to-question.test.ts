import { describe, expect, test } from 'vitest';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import type { Push } from '../../../lib/push/receive/parse/push.ts';
import { toQuestion } from '../../../lib/push/verify/to-question.ts';
import type { ManifestReader } from '../../../lib/registry/profile/profile-registries.ts';
import { createMemoryManifests } from '../../support/memory-manifests.ts';
import { DIGEST, OTHER_DIGEST } from '../receive/parse/samples.ts';

const HEX = OTHER_DIGEST.slice('sha256:'.length);
const SUBJECT = `sha256:${'c0de'.repeat(16)}`;
const PUSH: Push = {
  source: 'ecr',
  registry: 'r.example',
  repository: 'a/b',
  digest: parseDigest(DIGEST),
  eventId: 'e',
};

/** A registry in which what was pushed is about another image. No tag may be asked for. */
function openReferrers() {
  const bytes = Buffer.from(JSON.stringify({ subject: { digest: SUBJECT } }));
  const manifests = createMemoryManifests({
    [DIGEST]: { bytes, mediaType: 'application/vnd.oci.image.manifest.v1+json' },
  });
  const registry: ManifestReader = {
    ...manifests,
    resolveTag() {
      throw new Error('no tag must be resolved');
    },
  };
  return { registry, read: manifests.read };
}

async function ask(parts: Partial<Push>) {
  const { registry, read } = openReferrers();
  const message = { schema: 1, profile: 'ocp', push: { ...PUSH, ...parts } } as const;
  const question = await toQuestion(message, async () => registry, new AbortController().signal);
  return { question, read };
}

describe('what a push asks about', () => {
  const subject = `subject ${OTHER_DIGEST} untagged`;
  test.each<[string, Partial<Push>, string]>([
    ['an image', { tag: '4.19.0' }, `image ${DIGEST} 4.19.0`],
    ['an image without a tag', {}, `image ${DIGEST} untagged`],
    ['a signature', { tag: `sha256-${HEX}.sig` }, subject],
    ['a signature whose event has no digest', { tag: `sha256-${HEX}.sig`, digest: undefined }, subject],
    ['the index of referrers', { tag: `sha256-${HEX}` }, subject],
    [
      'a signature of a sha384 digest',
      { tag: `sha384-${'c'.repeat(96)}.sig` },
      `subject sha384:${'c'.repeat(96)} untagged`,
    ],
    // The referrers tag of a sha512 digest has but half of it.
    ['half a sha512 digest', { tag: `sha512-${'b'.repeat(64)}` }, `image ${DIGEST} sha512-${'b'.repeat(64)}`],
    ['an attestation', { tag: `sha256-${HEX}.att` }, 'nothing: an attached .att'],
    ['an SBOM', { tag: `sha256-${HEX}.sbom` }, 'nothing: an attached .sbom'],
    ['a referrer', { referrer: true }, `referrer ${SUBJECT} untagged`],
    ['a referrer with a signature’s tag', { referrer: true, tag: `sha256-${HEX}.sig` }, subject],
    ['a digest that is too short', { tag: `sha256-${HEX.slice(1)}.sig` }, `image ${DIGEST} sha256-${HEX.slice(1)}.sig`],
    ['capitals', { tag: `sha256-${HEX.toUpperCase()}.sig` }, `image ${DIGEST} sha256-${HEX.toUpperCase()}.sig`],
    ['another suffix', { tag: `sha256-${HEX}.sigx` }, `image ${DIGEST} sha256-${HEX}.sigx`],
    ['something before it', { tag: `x-sha256-${HEX}.sig` }, `image ${DIGEST} x-sha256-${HEX}.sig`],
  ])('%s', async (_, parts, expected) => {
    const { question, read } = await ask(parts);
    // The registry is asked about a referrer alone.
    expect(read).toEqual(expected.startsWith('referrer ') ? [`r.example/a/b@${DIGEST}`] : []);
    if (question.kind === 'nothing') {
      expect(`nothing: ${question.reason}`).toBe(expected);
      return;
    }
    const [, digest, tag] = expected.split(' ');
    const isTagged = tag !== 'untagged';
    expect(question.pullspec).toMatchObject({ repository: 'r.example/a/b', digest });
    expect(question.asked).toEqual({
      source: 'ecr',
      registry: 'r.example',
      repository: 'a/b',
      ...(isTagged ? { tag } : {}),
      pullspec: `r.example/a/b${isTagged ? `:${tag}` : ''}@${digest}`,
    });
  });

  test('signatures of one image ask one question, so that their records are one', async () => {
    const one = await ask({ tag: `sha256-${HEX}.sig` });
    const other = await ask({ tag: `sha256-${HEX}`, digest: undefined });
    expect(one.question).toEqual(other.question);
  });
});
