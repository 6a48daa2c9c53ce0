import { describe, expect, test } from 'vitest';
import { StoreError, type StoreErrorCode } from '../../../lib/base/errors/store-error.ts';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import type { Push } from '../../../lib/push/receive/parse/push.ts';
import { MAX_SUBJECTS, toQuestion } from '../../../lib/push/verify/to-question.ts';
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

/** A registry in which what was pushed says that it is about another image. No tag may be asked for. */
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
  const question = await toQuestion(message, {
    openRegistry: async () => registry,
    isLastTry: false,
    signal: new AbortController().signal,
  });
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
    // Whatever is judged was read before, unless the registry does not have it.
    const [kind = ''] = expected.split(' ');
    const followed = { image: [DIGEST], subject: [expected.split(' ')[1]], referrer: [DIGEST, SUBJECT] }[kind] ?? [];
    expect(read).toEqual(followed.map((digest) => `r.example/a/b@${digest}`));
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
      caller: { registry: 'r.example', eventId: 'e' },
    });
  });

  test('signatures of one image ask one question, so that their records are one', async () => {
    const one = await ask({ tag: `sha256-${HEX}.sig` });
    const other = await ask({ tag: `sha256-${HEX}`, digest: undefined });
    expect(one.question).toEqual(other.question);
  });
});

const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const IMAGE_CONFIG = { mediaType: 'application/vnd.oci.image.config.v1+json' };
const EMPTY_CONFIG = { mediaType: 'application/vnd.oci.empty.v1+json' };
const TAR = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip' };
const SIGNATURE = { mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json' };
const COSIGN_REFERRER = 'application/vnd.dev.cosign.artifact.sig.v1+json';
const BUNDLE = { mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json' };
const STATEMENT = { mediaType: 'application/vnd.in-toto+json' };
const subject = { digest: SUBJECT };

interface Content {
  readonly mediaType?: string;
  readonly [member: string]: unknown;
}

/** Asks about a push of which the event says the digest alone, as CNCF distribution's do. */
async function askPushed(
  manifests: Readonly<Record<string, Content | StoreErrorCode>>,
  { isLastTry = false, change = {} }: { readonly isLastTry?: boolean; readonly change?: Partial<Push> } = {},
): Promise<string> {
  const registry: ManifestReader = {
    async readManifest(_, digest) {
      const found = manifests[digest] ?? 'NotFound';
      if (typeof found === 'string') throw new StoreError(found, 'no');
      const { mediaType = OCI_MANIFEST, ...content } = found;
      const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...content }));
      return { bytes, mediaType: mediaType as typeof OCI_MANIFEST, digest: parseDigest(digest) };
    },
    resolveTag: async () => parseDigest(DIGEST),
  };
  const message = { schema: 1, profile: 'ocp', push: { ...PUSH, ...change } } as const;
  const { signal } = new AbortController();
  try {
    const question = await toQuestion(message, { openRegistry: async () => registry, isLastTry, signal });
    return question.kind === 'nothing' ? `nothing: ${question.reason}` : (question.pullspec.digest ?? 'no digest');
  } catch (error) {
    if (error instanceof StoreError) return error.code;
    throw error;
  }
}

describe('what was pushed is read before it is judged', () => {
  const image: Content = { config: IMAGE_CONFIG, layers: [TAR] };
  const about = `the attachment ${DIGEST} names no image`;
  test.each<[name: string, manifest: Content, expected: string]>([
    ['an image', image, DIGEST],
    ['an image without layers', { config: IMAGE_CONFIG, layers: [] }, DIGEST],
    ['an index', { mediaType: OCI_INDEX, manifests: [] }, DIGEST],
    ['an index that names a subject', { mediaType: OCI_INDEX, manifests: [], subject }, DIGEST],
    // Nodes ignore the subject, and run it.
    ['an image that names a subject', { ...image, subject }, DIGEST],
    ['an image with a signature as a layer', { ...image, layers: [TAR, SIGNATURE], subject }, DIGEST],
    ['a bundle as cosign 3 pushes one', { config: EMPTY_CONFIG, layers: [BUNDLE], subject }, SUBJECT],
    ['a bundle without artifact type', { config: {}, layers: [BUNDLE], subject }, SUBJECT],
    ['a signature by referrers', { config: { mediaType: COSIGN_REFERRER }, layers: [SIGNATURE], subject }, SUBJECT],
    ['the layers of a `.sig` tag', { config: IMAGE_CONFIG, layers: [SIGNATURE, SIGNATURE] }, `nothing: ${about}`],
    ['provenance as BuildKit pushes it', { config: IMAGE_CONFIG, layers: [STATEMENT] }, `nothing: ${about}`],
    [
      'a chart',
      { config: { mediaType: 'application/vnd.cncf.helm.config.v1+json' }, layers: [TAR] },
      `nothing: ${about}`,
    ],
    ['an SBOM', { config: EMPTY_CONFIG, layers: [{ mediaType: 'application/spdx+json' }], subject }, SUBJECT],
    [
      'a subject that is no digest',
      { config: EMPTY_CONFIG, layers: [], subject: { digest: 'x' } },
      `nothing: ${about}`,
    ],
    ['no configuration', { layers: [TAR] }, DIGEST],
    ['members spelled in another way', { Config: EMPTY_CONFIG, config: EMPTY_CONFIG, layers: [] }, DIGEST],
  ])('%s', async (_, manifest, expected) => {
    expect(await askPushed({ [DIGEST]: manifest })).toBe(expected);
  });

  // Nodes ignore a subject, and the types of layers: what they would run must not go unjudged for either.
  test.each<[name: string, manifest: Content, tagged: string, referrer: string]>([
    ['an image', image, DIGEST, DIGEST],
    ['an image that names a subject', { ...image, subject }, DIGEST, DIGEST],
    ['an index that names a subject', { mediaType: OCI_INDEX, manifests: [], subject }, DIGEST, DIGEST],
    ['an image as signatures', { config: IMAGE_CONFIG, layers: [SIGNATURE], subject }, DIGEST, SUBJECT],
    ['an image as provenance', { config: IMAGE_CONFIG, layers: [STATEMENT] }, DIGEST, `nothing: ${about}`],
    ['an image as a bundle', { config: {}, layers: [BUNDLE], subject }, DIGEST, SUBJECT],
    ['a bundle as cosign 3 pushes one', { config: EMPTY_CONFIG, layers: [BUNDLE], subject }, SUBJECT, SUBJECT],
    ['what has no configuration', { blobs: [], subject }, DIGEST, SUBJECT],
  ])('%s: under a tag of its own, and as a referrer', async (_, manifest, tagged, referrer) => {
    for (const digest of [PUSH.digest, undefined]) {
      expect(await askPushed({ [DIGEST]: manifest }, { change: { tag: 'latest', digest } })).toBe(tagged);
    }
    expect(await askPushed({ [DIGEST]: manifest }, { change: { referrer: true } })).toBe(referrer);
  });

  test('the list under half a SHA-512 digest leads to the image that its first entry is about', async () => {
    const whole = `sha512:${'b'.repeat(128)}`;
    const tag = `sha512-${'b'.repeat(64)}`;
    const bundle: Content = { config: EMPTY_CONFIG, layers: [BUNDLE], subject: { digest: whole } };
    const list: Content = { mediaType: OCI_INDEX, manifests: [{ mediaType: OCI_MANIFEST, digest: OTHER_DIGEST }] };
    const change = { tag, digest: undefined };
    expect(await askPushed({ [DIGEST]: list, [OTHER_DIGEST]: bundle }, { change })).toBe(whole);
    // What a node would run, what is about another digest, and what cannot be read is judged as it is.
    const bundleOf = (digest: string): Content => ({ ...bundle, subject: { digest } });
    for (const other of [image, bundleOf(SUBJECT), bundleOf(`sha512:${'c'.repeat(128)}`), 'NotFound'] as const) {
      expect(await askPushed({ [DIGEST]: list, [OTHER_DIGEST]: other }, { change })).toBe(DIGEST);
    }
    expect(await askPushed({ [DIGEST]: list, [OTHER_DIGEST]: 'TimedOut' }, { change })).toBe('TimedOut');
    expect(await askPushed({ [DIGEST]: image }, { change })).toBe(DIGEST);
  });

  test('a signature of an attachment leads to the image, and one of a chart to nothing', async () => {
    const signature: Content = { config: EMPTY_CONFIG, layers: [BUNDLE], subject };
    const sbom: Content = { config: EMPTY_CONFIG, layers: [], subject: { digest: OTHER_DIGEST } };
    expect(await askPushed({ [DIGEST]: signature, [SUBJECT]: sbom, [OTHER_DIGEST]: image })).toBe(OTHER_DIGEST);
    expect(await askPushed({ [DIGEST]: signature, [SUBJECT]: { config: EMPTY_CONFIG, layers: [] } })).toBe(
      `nothing: the attachment ${SUBJECT} names no image`,
    );
    const tag = `sha256-${HEX}.sig`;
    expect(await askPushed({ [OTHER_DIGEST]: sbom }, { change: { tag } })).toBe(
      `nothing: ${OTHER_DIGEST} is an attachment of more than ${MAX_SUBJECTS} others`,
    );
  });

  test.each<[code: StoreErrorCode, first: string, last: string]>([
    ['NotFound', DIGEST, DIGEST],
    ['NotAllowed', DIGEST, DIGEST],
    ['AccessDenied', DIGEST, DIGEST],
    ['BodyInvalid', DIGEST, DIGEST],
    ['ContentMismatch', DIGEST, DIGEST],
    ['LimitExceeded', DIGEST, DIGEST],
    ['Unavailable', 'Unavailable', DIGEST],
    ['TimedOut', 'TimedOut', DIGEST],
    ['ConnectionFailed', 'ConnectionFailed', DIGEST],
    ['StatusUnexpected', 'StatusUnexpected', DIGEST],
  ])('a manifest that cannot be read (%s): %s, and %s on the last try', async (code, first, last) => {
    expect(await askPushed({ [DIGEST]: code })).toBe(first);
    expect(await askPushed({ [DIGEST]: code }, { isLastTry: true })).toBe(last);
    // Of a referrer the subject has to be known.
    expect(await askPushed({ [DIGEST]: code }, { isLastTry: true, change: { referrer: true } })).toBe(code);
  });
});
