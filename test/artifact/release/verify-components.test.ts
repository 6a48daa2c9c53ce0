import { describe, expect, test } from 'vitest';
import { inspectRelease, MAX_CONCURRENT_COMPONENTS } from '../../../lib/artifact/release/inspect-release.ts';
import { openLocalRelease } from '../../../lib/artifact/release/open-local-release.ts';
import type { Verification } from '../../../lib/artifact/release/release-source.ts';
import { openLayoutImage } from '../../../lib/registry/images/open-local-image.ts';
import { toDigest } from '../../registry/client/registry-setup.ts';
import { buildImage, createLayouts, OTHER, PINNED, referencesOf, releaseLayer } from './release-setup.ts';

const { signal } = new AbortController();
const YES: Verification = { outcome: 'accepted', reasons: [] };
const NO: Verification = { outcome: 'rejected', reasons: [{ code: 'SignatureNotFound', message: 'no' }] };
const OPEN: Verification = { outcome: 'indeterminate', reasons: [{ code: 'StoreUnavailable', message: 'open' }] };

async function inspect(tags: Readonly<Record<string, string>>, answers: readonly [Verification, ...Verification[]]) {
  const layouts = createLayouts();
  const image = await buildImage({ layers: [releaseLayer(referencesOf(tags))] });
  const [release, ...components] = answers;
  const asked: string[] = [];
  try {
    const source = openLocalRelease(await openLayoutImage(await layouts.write([image]), undefined));
    const inspection = await inspectRelease(source, {
      signal,
      verifier: {
        release: (digest) => {
          asked.push(digest);
          return Promise.resolve(release);
        },
        component: (pullspec) => {
          asked.push(pullspec);
          return Promise.resolve(components[asked.length - 2] ?? YES);
        },
      },
    });
    return { inspection, asked, digest: toDigest(image.manifest) };
  } finally {
    await layouts.remove();
  }
}

describe('a release that is verified', () => {
  const both = { cli: PINNED, etcd: OTHER };
  test.each([
    { name: 'all hold', expected: 'accepted', tags: both, answers: [YES, YES, YES] },
    { name: 'a component does not', expected: 'rejected', tags: both, answers: [YES, YES, NO] },
    { name: 'the release does not', expected: 'rejected', tags: both, answers: [NO, YES, YES] },
    { name: 'a component is open', expected: 'indeterminate', tags: both, answers: [YES, OPEN, YES] },
    { name: 'one is open and one does not hold', expected: 'rejected', tags: both, answers: [OPEN, YES, NO] },
    {
      name: 'one is not by digest',
      expected: 'rejected',
      tags: { cli: PINNED, etcd: 'quay.io/x/y:v1' },
      answers: [YES, YES],
    },
  ] as const)('$name: $expected', async ({ expected, tags, answers }) => {
    const { inspection, asked, digest } = await inspect(tags, answers);
    expect(inspection.outcome).toBe(expected);
    expect(inspection.verification).toEqual(answers[0]);
    const pinned = Object.values(tags).filter((pullspec) => pullspec.includes('@'));
    expect(asked).toEqual([digest, ...pinned]);
  });

  test('a pullspec of two components is verified once, a few at a time, and counted', async () => {
    let running = 0;
    let most = 0;
    const asked: string[] = [];
    const counted: string[] = [];
    const tags = Object.fromEntries(
      Array.from({ length: 80 }, (_, index) => [`c${index}`, `quay.io/x/y@${toDigest(`${index % 40}`)}`]),
    );
    const layouts = createLayouts();
    try {
      const image = await buildImage({ layers: [releaseLayer(referencesOf(tags))] });
      const source = openLocalRelease(await openLayoutImage(await layouts.write([image]), undefined));
      const { outcome, images } = await inspectRelease(source, {
        signal,
        onVerified: (done, total) => counted.push(`${done}/${total}`),
        verifier: {
          release: () => Promise.resolve(YES),
          component: async (pullspec) => {
            running += 1;
            most = Math.max(most, running);
            asked.push(pullspec);
            await new Promise((resolve) => setTimeout(resolve, 1));
            running -= 1;
            return YES;
          },
        },
      });
      expect(outcome).toBe('accepted');
      expect([most, asked.length, counted.at(-1)]).toEqual([MAX_CONCURRENT_COMPONENTS, 40, '40/40']);
      expect(images.flatMap((one) => one.components.map(({ verification }) => verification))).toEqual(
        Array.from({ length: 80 }, () => YES),
      );
    } finally {
      await layouts.remove();
    }
  });
});
