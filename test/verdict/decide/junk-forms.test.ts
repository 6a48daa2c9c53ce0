import { describe, expect, test } from 'vitest';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import { createAttachmentStore } from '../../../lib/registry/attachments/attachment-store.ts';
import { MAX_ATTACHED_SIGNATURES } from '../../../lib/registry/attachments/attachment.ts';
import { evaluatePolicies } from '../../../lib/verdict/decide/evaluate-policies.ts';
import { toStatement } from '../../crypto/sigstore/make-bundle.ts';
import {
  type MadeAttachment,
  makeAttachment,
  makeCosignReferrer,
  makeImage,
  makeReferrer,
  NOW,
  otherKeys,
  RELEASES,
  readMirrorTrust,
  type SignaturePlan,
  wrapBundle,
} from '../../mirror/check/mirror-setup.ts';
import { type Beside, readBeside } from '../../registry/attachments/memory-attachments.ts';
import { OCI_MANIFEST, toDigest } from '../../registry/client/registry-setup.ts';

const { prepared } = await readMirrorTrust();
const image = makeImage('junk');
const { digest } = image;
const OTHER = makeImage('another').digest;

/** What an image with this beside it comes to, and why. */
async function decide(beside: Beside) {
  const { signal } = new AbortController();
  const { judgement, attempts } = await evaluatePolicies({
    repository: parseRepository(RELEASES),
    digest,
    prepared,
    lookaside: createAttachmentStore(async () => readBeside(digest, beside)),
    manifests: {
      readManifest: async () => ({ bytes: image.bytes, mediaType: OCI_MANIFEST, digest: toDigest(image.bytes) }),
    },
    now: NOW,
    signal,
  });
  return { outcome: judgement?.outcome, reasons: judgement?.reasons ?? [], attempts };
}

const genuine = {
  tag: makeAttachment(digest),
  referrer: makeCosignReferrer(digest),
  bundle: makeReferrer(digest),
} as const;
type Form = keyof typeof genuine;
const FORMS = ['tag', 'referrer', 'bundle'] as const;

const bytesOf = (text: string) => wrapBundle(digest, Buffer.from(text));

/** What somebody without a key can put beside an image. The outcome is that of an image with nothing else. */
const JUNK: readonly { name: string; form: Form; made: MadeAttachment; alone: 'rejected' | 'indeterminate' }[] = [
  ...(['tag', 'referrer'] as const).flatMap((form) => {
    const make = (plan: SignaturePlan) =>
      form === 'tag' ? makeAttachment(digest, [plan]) : makeCosignReferrer(digest, [plan]);
    return [
      { name: `${form}: by another key`, form, made: make({ keys: otherKeys }), alone: 'rejected' as const },
      { name: `${form}: of another image`, form, made: make({ digest: OTHER }), alone: 'rejected' as const },
      { name: `${form}: no base64`, form, made: make({ change: () => '%%%' }), alone: 'rejected' as const },
      { name: `${form}: nothing`, form, made: make({ change: () => '' }), alone: 'rejected' as const },
      { name: `${form}: half a megabyte`, form, made: toLong(make({})), alone: 'indeterminate' as const },
      { name: `${form}: a layer that is missing`, form, made: withoutBlobs(make({})), alone: 'indeterminate' as const },
      {
        name: `${form}: a layer without a digest`,
        form,
        made: replace(make({}), /"digest":"[^"]*","size":\d+,"annotations"/, '"digest":"x","annotations"'),
        alone: 'indeterminate' as const,
      },
    ];
  }),
  { name: 'bundle: by another key', form: 'bundle', made: makeReferrer(digest, otherKeys), alone: 'rejected' },
  {
    name: 'bundle: of another image',
    form: 'bundle',
    made: makeReferrer(digest, undefined, toStatement([OTHER])),
    alone: 'rejected',
  },
  { name: 'bundle: no JSON', form: 'bundle', made: bytesOf('{'), alone: 'rejected' },
  { name: 'bundle: nothing', form: 'bundle', made: bytesOf(''), alone: 'rejected' },
  { name: 'bundle: ten thousand levels', form: 'bundle', made: bytesOf('['.repeat(10_000)), alone: 'rejected' },
  { name: 'bundle: another format', form: 'bundle', made: bytesOf('{"mediaType":"text/plain"}'), alone: 'rejected' },
  { name: 'bundle: half a megabyte', form: 'bundle', made: bytesOf(' '.repeat(512 * 1024)), alone: 'indeterminate' },
  {
    name: 'bundle: a time beyond all calendars',
    form: 'bundle',
    made: bytesOf('{"verificationMaterial":{"tlogEntries":[{"integratedTime":"9223372036854775807"}]}}'),
    alone: 'rejected',
  },
  {
    name: 'bundle: a subject elsewhere',
    form: 'bundle',
    made: replace(makeReferrer(digest), /("subject":\{[^}]*"digest":")[^"]*/, `$1${OTHER}`),
    alone: 'indeterminate',
  },
];

function replace(made: MadeAttachment, pattern: RegExp, by: string): MadeAttachment {
  return { ...made, bytes: Buffer.from(made.bytes.toString().replace(pattern, by)) };
}

function withoutBlobs(made: MadeAttachment): MadeAttachment {
  return { ...made, blobs: [] };
}

/** Its payload is too long to be read. */
function toLong(made: MadeAttachment): MadeAttachment {
  const long = Buffer.alloc(512 * 1024, ' ');
  const [config, payload] = made.blobs;
  const text = made.bytes.toString().replaceAll(toDigest(payload ?? long), toDigest(long));
  return { bytes: Buffer.from(text), blobs: config === undefined ? [long] : [config, long] };
}

/** The layers of several manifests in one, as everybody who may push to the tag can have it. */
function joinTags(parts: readonly MadeAttachment[]): MadeAttachment {
  const contents = parts.map(({ bytes }) => JSON.parse(bytes.toString()) as { readonly layers: readonly unknown[] });
  const bytes = Buffer.from(JSON.stringify({ ...contents[0], layers: contents.flatMap(({ layers }) => layers) }));
  return { bytes, blobs: parts.flatMap(({ blobs }) => blobs) };
}

function lay(parts: readonly { readonly form: Form; readonly made: MadeAttachment }[]): Beside {
  const tags = parts.filter(({ form }) => form === 'tag').map(({ made }) => made);
  const referrers = parts.filter(({ form }) => form !== 'tag').map(({ made }) => made);
  return { referrers, ...(tags.length === 0 ? {} : { tag: joinTags(tags) }) };
}

describe.each(JUNK)('junk: $name', ({ form, made, alone }) => {
  const junk = { form, made };

  test(`alone: ${alone}`, async () => {
    expect((await decide(lay([junk]))).outcome).toBe(alone);
  });

  test.each(FORMS)('around a genuine signature in the form of a %s: accepted', async (own) => {
    const good = { form: own, made: genuine[own] };
    for (const parts of [
      [junk, good],
      [good, junk],
      [junk, good, junk],
    ]) {
      expect((await decide(lay(parts))).outcome).toBe('accepted');
    }
  });
});

/** Different signatures of one payload by a key that nobody trusts. */
const junkPlans = (count: number): readonly SignaturePlan[] =>
  Array.from({ length: count }, (_, at) => ({ change: () => Buffer.from(`junk ${at}`).toString('base64') }));

describe('many junk signatures', () => {
  test.each(FORMS)('128 of them before the genuine %s: accepted', async (own) => {
    const junk = { form: 'tag' as const, made: makeAttachment(digest, junkPlans(128)) };
    expect((await decide(lay([junk, { form: own, made: genuine[own] }]))).outcome).toBe('accepted');
  });

  test.each(FORMS)('more than are read before the genuine %s: indeterminate, and it is named', async (own) => {
    const junk = { form: 'tag' as const, made: makeAttachment(digest, junkPlans(MAX_ATTACHED_SIGNATURES)) };
    const { outcome, reasons } = await decide(lay([junk, { form: own, made: genuine[own] }]));
    const name = own === 'tag' ? `its layer ${MAX_ATTACHED_SIGNATURES + 1}` : toDigest(genuine[own].bytes);
    expect([outcome, reasons[0]?.code]).toEqual(['indeterminate', 'StoreUnavailable']);
    expect(reasons[0]?.message).toContain(`${name} is not read: ${MAX_ATTACHED_SIGNATURES} signatures of an image are`);
  });

  test('more than are read behind the genuine one: accepted', async () => {
    const junk = { form: 'tag' as const, made: makeAttachment(digest, junkPlans(1000)) };
    expect((await decide(lay([{ form: 'tag', made: genuine.tag }, junk]))).outcome).toBe('accepted');
  });

  test('in every form at once, and as many as are read: rejected', async () => {
    const half = MAX_ATTACHED_SIGNATURES / 2;
    const tag = { form: 'tag' as const, made: makeAttachment(digest, junkPlans(half)) };
    const referrer = { form: 'referrer' as const, made: makeCosignReferrer(digest, junkPlans(half)) };
    expect((await decide(lay([tag, referrer]))).outcome).toBe('rejected');
  });
});

describe('an image with nothing but statements', () => {
  const provenance = makeReferrer(digest, undefined, toStatement([digest], 'https://slsa.dev/provenance/v1'));

  test('is not signed, and nothing about it is invalid', async () => {
    const { outcome, reasons, attempts } = await decide({ referrers: [provenance] });
    expect([outcome, reasons.map(({ code }) => code)]).toEqual(['rejected', ['SignatureNotFound']]);
    expect(attempts.map(({ message }) => message)).toContain(
      'a statement of "https://slsa.dev/provenance/v1", which is no signature',
    );
  });

  test('beside a signature is no hindrance', async () => {
    expect((await decide({ referrers: [provenance, genuine.bundle] })).outcome).toBe('accepted');
  });
});
