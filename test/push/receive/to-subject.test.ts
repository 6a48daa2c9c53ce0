import { describe, expect, test } from 'vitest';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import type { Push } from '../../../lib/push/receive/parse/push.ts';
import { toSubject } from '../../../lib/push/verify/to-question.ts';
import { DIGEST, OTHER_DIGEST } from './parse/samples.ts';

const HEX = OTHER_DIGEST.slice('sha256:'.length);
const PUSH: Push = {
  source: 'ecr',
  registry: 'r.example',
  repository: 'a/b',
  digest: parseDigest(DIGEST),
  eventId: 'e',
};

describe('toSubject', () => {
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
    ['an attestation', { tag: `sha256-${HEX}.att` }, 'ignored: an attached .att'],
    ['an SBOM', { tag: `sha256-${HEX}.sbom` }, 'ignored: an attached .sbom'],
    ['a referrer', { referrer: true }, `referrer ${DIGEST} untagged`],
    ['a referrer with a signature’s tag', { referrer: true, tag: `sha256-${HEX}.sig` }, subject],
    ['a digest that is too short', { tag: `sha256-${HEX.slice(1)}.sig` }, `image ${DIGEST} sha256-${HEX.slice(1)}.sig`],
    ['capitals', { tag: `sha256-${HEX.toUpperCase()}.sig` }, `image ${DIGEST} sha256-${HEX.toUpperCase()}.sig`],
    ['another suffix', { tag: `sha256-${HEX}.sigx` }, `image ${DIGEST} sha256-${HEX}.sigx`],
    ['something before it', { tag: `x-sha256-${HEX}.sig` }, `image ${DIGEST} x-sha256-${HEX}.sig`],
  ])('%s', (_, parts, expected) => {
    const found = toSubject({ ...PUSH, ...parts });
    if (found.kind === 'ignored') {
      expect(`ignored: ${found.reason}`).toBe(expected);
      return;
    }
    const { digest, tag = 'untagged', registry, repository, eventId } = found.push;
    expect(`${found.kind} ${digest} ${tag}`).toBe(expected);
    expect({ registry, repository, eventId }).toEqual({ registry: 'r.example', repository: 'a/b', eventId: 'e' });
  });

  test('signatures of one image ask one question, so that their records are one', () => {
    const one = toSubject({ ...PUSH, tag: `sha256-${HEX}.sig` });
    const other = toSubject({ ...PUSH, tag: `sha256-${HEX}`, digest: undefined });
    expect(one).toEqual(other);
  });
});
