import { afterEach, describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { parseRepository, type Repository } from '../../../lib/base/names/reference.ts';
import { BUNDLE_TYPE } from '../../../lib/crypto/sigstore/signature-blob.ts';
import { MAX_ATTACHED_SIGNATURES } from '../../../lib/registry/attachments/attachment.ts';
import { findAttachments } from '../../../lib/registry/attachments/find-attachments.ts';
import { MAX_REFERRER_PAGES, MAX_REFERRERS } from '../../../lib/registry/client/list-referrers.ts';
import { createSetup, OCI_INDEX, OCI_MANIFEST, toDigest } from '../client/registry-setup.ts';
import {
  type Answers,
  BUNDLE,
  bundleManifest,
  type Content,
  cosignManifest,
  describeManifest,
  IMAGE,
  index,
  manifest,
  REFERRERS,
  REFERRERS_TAG,
  readEntries,
  SIGNATURE_TAG,
} from './attachment-registry.ts';

const setup = createSetup();
afterEach(() => setup.close());

const PAYLOAD = 'a payload';
const OCTETS = 'application/octet-stream';
const EMPTY_TYPE = 'application/vnd.oci.empty.v1+json';
const SBOM_TYPE = 'application/spdx+json';
const signed: Answers = {
  [SIGNATURE_TAG]: cosignManifest([PAYLOAD]),
  [`blobs/${toDigest(PAYLOAD)}`]: { type: OCTETS, bytes: PAYLOAD },
};
const bundle = bundleManifest();
const bundleBlob: Answers = { [`blobs/${toDigest(BUNDLE)}`]: { type: OCTETS, bytes: BUNDLE } };

/** A list of what refers to the image, with the manifests in it. */
function listed(manifests: readonly Content[], list: Content, at = REFERRERS): Answers {
  const contents = manifests.map((one) => [`manifests/${toDigest(one.bytes)}`, one] as const);
  return { ...bundleBlob, ...Object.fromEntries(contents), [at]: list };
}

const bundleList = index([describeManifest(bundle.bytes)]);
const many = (count: number, artifactType?: string) =>
  index(Array.from({ length: count }, (_, at) => describeManifest(`${at}`, artifactType)));

interface Row {
  readonly name: string;
  readonly answers: Answers;
  readonly expected: readonly string[];
}

describe('what lies beside an image', () => {
  test.each<Row>([
    { name: 'nothing', answers: {}, expected: ['absent', 'absent'] },
    {
      name: 'nothing, by a registry with referrers',
      answers: { [REFERRERS]: index([]) },
      expected: ['absent', 'absent'],
    },
    { name: 'a cosign signature', answers: signed, expected: ['signature', 'absent'] },
    { name: 'a bundle', answers: listed([bundle], bundleList), expected: ['absent', 'signature', 'absent'] },
    {
      name: 'a bundle by the tag',
      answers: listed([bundle], bundleList, REFERRERS_TAG),
      expected: ['absent', 'signature', 'absent'],
    },
    {
      name: 'a bundle, listed without artifact type',
      answers: listed([bundle], index([{ ...describeManifest(bundle.bytes), artifactType: undefined }])),
      expected: ['absent', 'signature', 'absent'],
    },
    {
      name: 'a bundle, listed by the type of its configuration as cosign 2 does',
      answers: listed([bundle], index([describeManifest(bundle.bytes, EMPTY_TYPE)]), REFERRERS_TAG),
      expected: ['absent', 'signature', 'absent'],
    },
    {
      name: 'a bundle beside what is none',
      answers: listed([bundle], index([describeManifest('sbom', SBOM_TYPE), describeManifest(bundle.bytes)])),
      expected: ['absent', 'signature', 'absent'],
    },
    {
      name: 'what has no artifact type and is none',
      answers: listed([cosignManifest([])], index([describeManifest(cosignManifest([]).bytes, EMPTY_TYPE)])),
      expected: ['absent', 'absent'],
    },
    {
      name: `${MAX_ATTACHED_SIGNATURES} layers`,
      answers: layers(MAX_ATTACHED_SIGNATURES),
      expected: [...Array<string>(MAX_ATTACHED_SIGNATURES).fill('signature'), 'absent'],
    },
  ])('$name: $expected', async ({ answers, expected }) => {
    expect((await readEntries(setup, answers)).entries).toEqual(expected);
  });
});

function layers(count: number): Answers {
  return { ...signed, [SIGNATURE_TAG]: cosignManifest(Array<string>(count).fill(PAYLOAD)) };
}

const status = (code: number) => (response: { writeHead(code: number): { end(): unknown } }) => {
  response.writeHead(code).end();
};
const ofOther = bundleManifest(toDigest('another image'));
const withoutSubject = bundleManifest(IMAGE, { subject: undefined });
const twoBundles = bundleManifest(IMAGE, {
  layers: ['a', 'b'].map((text) => ({ mediaType: BUNDLE_TYPE, digest: toDigest(text), size: 1 })),
});
const foreign = cosignManifest([]);

describe('an attack is a failure and no absence', () => {
  test.each<Row>([
    {
      name: 'a `.sig` tag that is an index',
      answers: { [SIGNATURE_TAG]: index([]) },
      expected: ['failed BodyInvalid', 'absent'],
    },
    {
      name: 'a `.sig` manifest without layers',
      answers: { [SIGNATURE_TAG]: manifest({ config: {} }) },
      expected: ['failed BodyInvalid', 'absent'],
    },
    {
      name: 'a `.sig` tag that fails',
      answers: { [SIGNATURE_TAG]: status(500) },
      expected: ['failed StatusUnexpected', 'absent'],
    },
    {
      name: 'a `.sig` tag that is closed',
      answers: { [SIGNATURE_TAG]: status(403) },
      expected: ['failed AccessDenied', 'absent'],
    },
    {
      name: 'a layer of other bytes',
      answers: { ...signed, [`blobs/${toDigest(PAYLOAD)}`]: { type: OCTETS, bytes: 'b payload' } },
      expected: ['failed ContentMismatch', 'absent'],
    },
    {
      name: 'a layer that is missing, and one that is not',
      answers: { ...signed, [SIGNATURE_TAG]: cosignManifest(['missing', PAYLOAD]) },
      expected: ['failed NotFound', 'signature', 'absent'],
    },
    {
      name: 'a layer that is too long',
      answers: { ...signed, [`blobs/${toDigest(PAYLOAD)}`]: { type: OCTETS, bytes: 'x'.repeat(64 * 1024 + 1) } },
      expected: ['failed LimitExceeded', 'absent'],
    },
    {
      name: 'referrers that fail',
      answers: { [REFERRERS]: status(500) },
      expected: ['absent', 'failed StatusUnexpected'],
    },
    {
      name: 'referrers that are closed',
      answers: { [REFERRERS]: status(403) },
      expected: ['absent', 'failed AccessDenied'],
    },
    {
      name: 'referrers that are a page of HTML',
      answers: { [REFERRERS]: { type: 'text/html', bytes: '<html>' } },
      expected: ['absent', 'failed BodyInvalid'],
    },
    {
      name: 'referrers that are no index',
      answers: { [REFERRERS]: { type: OCI_INDEX, bytes: '{"schemaVersion":2}' } },
      expected: ['absent', 'failed BodyInvalid'],
    },
    {
      name: 'referrers with a member twice',
      answers: { [REFERRERS]: { type: OCI_INDEX, bytes: '{"schemaVersion":2,"manifests":[],"manifests":[]}' } },
      expected: ['absent', 'failed BodyInvalid'],
    },
    {
      name: 'referrers whose digest is a path',
      answers: { [REFERRERS]: index([{ ...describeManifest(bundle.bytes), digest: 'sha256:../../x' }]) },
      expected: ['absent', 'failed BodyInvalid'],
    },
    {
      name: 'referrers by a tag that is an image',
      answers: { [REFERRERS_TAG]: foreign },
      expected: ['absent', 'failed BodyInvalid'],
    },
    {
      name: 'a list that lists itself',
      answers: { [REFERRERS_TAG]: index([describeManifest('x', BUNDLE_TYPE, OCI_INDEX)]) },
      expected: ['absent', 'absent'],
    },
    {
      name: 'the image as its own bundle',
      answers: {
        [REFERRERS]: index([describeManifest('the image')]),
        [`manifests/${IMAGE}`]: { type: OCI_MANIFEST, bytes: 'the image' },
      },
      expected: ['absent', 'failed BodyInvalid', 'absent'],
    },
    {
      name: 'a bundle of another image',
      answers: listed([ofOther], index([describeManifest(ofOther.bytes)])),
      expected: ['absent', 'failed BodyInvalid', 'absent'],
    },
    {
      name: 'a bundle of no image',
      answers: listed([withoutSubject], index([describeManifest(withoutSubject.bytes)])),
      expected: ['absent', 'failed BodyInvalid', 'absent'],
    },
    {
      name: 'a manifest of two bundles',
      answers: listed([twoBundles], index([describeManifest(twoBundles.bytes)])),
      expected: ['absent', 'failed BodyInvalid', 'absent'],
    },
    {
      name: 'an artifact type that lies',
      answers: listed([foreign], index([describeManifest(foreign.bytes)])),
      expected: ['absent', 'failed BodyInvalid', 'absent'],
    },
    {
      name: 'a bundle that is listed and missing',
      answers: listed([], bundleList),
      expected: ['absent', 'failed BodyInvalid', 'absent'],
    },
    {
      name: 'a bundle whose blob is missing',
      answers: { ...listed([bundle], bundleList), [`blobs/${toDigest(BUNDLE)}`]: status(404) },
      expected: ['absent', 'failed NotFound', 'absent'],
    },
    {
      name: 'a bundle of other bytes, and a good one after it',
      answers: {
        ...listed([bundle], index([describeManifest('other'), describeManifest(bundle.bytes)])),
        [`manifests/${toDigest('other')}`]: { type: OCI_MANIFEST, bytes: 'others' },
      },
      expected: ['absent', 'failed ContentMismatch', 'signature', 'absent'],
    },
  ])('$name: $expected', async ({ answers, expected }) => {
    expect((await readEntries(setup, answers)).entries).toEqual(expected);
  });
});

describe('pages of referrers', () => {
  const paged = (link: (host: string, page: number) => string | undefined, answer: Content = index([])): Answers => ({
    [REFERRERS]: (response, host, query) => {
      const next = link(host, Number(query.get('page') ?? '0'));
      const headers = next === undefined ? {} : { link: `<${next}>; rel="next"` };
      response.writeHead(200, { 'content-type': OCI_INDEX, ...headers }).end(answer.bytes);
    },
  });
  const to = (page: number): string => `/v2/team/app/${REFERRERS}?page=${page}`;

  test('the last of all pages is read', async () => {
    const pages = [index([]), bundleList];
    const answers: Answers = {
      ...listed([bundle], index([])),
      [REFERRERS]: (response, _, query) => {
        const page = Number(query.get('page') ?? '0');
        const headers = page === 0 ? { link: `<${to(1)}>; rel="next"` } : {};
        response.writeHead(200, { 'content-type': OCI_INDEX, ...headers }).end(pages[page]?.bytes);
      },
    };
    expect((await readEntries(setup, answers)).entries).toEqual(['absent', 'signature', 'absent']);
  });

  test('without end: LimitExceeded, and no more is asked for', async () => {
    const { entries, asked } = await readEntries(
      setup,
      paged((_, page) => to(page + 1)),
    );
    expect(entries).toEqual(['absent', 'failed LimitExceeded']);
    expect(asked.filter((path) => path.startsWith(REFERRERS))).toHaveLength(MAX_REFERRER_PAGES);
  });

  test(`of ${MAX_REFERRERS / 2} each: the third is too many`, async () => {
    const { entries, asked } = await readEntries(
      setup,
      paged((_, page) => to(page + 1), many(MAX_REFERRERS / 2, SBOM_TYPE)),
    );
    expect(entries).toEqual(['absent', 'failed LimitExceeded']);
    expect(asked.filter((path) => path.startsWith(REFERRERS))).toHaveLength(3);
  });

  test('on another host: BodyInvalid, and it is not contacted', async () => {
    const stranger = await setup.serve((_, response) => response.writeHead(200, { 'content-type': OCI_INDEX }).end());
    const { entries } = await readEntries(
      setup,
      paged(() => `${stranger.origin}${to(1)}`),
    );
    expect(entries).toEqual(['absent', 'failed BodyInvalid']);
    expect(stranger.requests).toEqual([]);
  });

  test.each([
    { name: 'of another repository', link: `/v2/team/other/${REFERRERS}?page=1` },
    { name: 'of another image', link: `/v2/team/app/referrers/${toDigest('x')}?page=1` },
    { name: 'that is no URL', link: 'http://[' },
  ])('$name: BodyInvalid', async ({ link }) => {
    expect(
      (
        await readEntries(
          setup,
          paged(() => link),
        )
      ).entries,
    ).toEqual(['absent', 'failed BodyInvalid']);
  });

  test('the second is missing: BodyInvalid', async () => {
    const answers: Answers = {
      [REFERRERS]: (response, _, query) => {
        if (query.has('page')) response.writeHead(404).end();
        else
          response.writeHead(200, { 'content-type': OCI_INDEX, link: `<${to(1)}>; rel="next"` }).end(index([]).bytes);
      },
    };
    expect((await readEntries(setup, answers)).entries).toEqual(['absent', 'failed BodyInvalid']);
  });
});

test('the tag of a longer digest is cut as the specification says, and no name is asked that is no tag', async () => {
  const digest = parseDigest(`sha512:${'a'.repeat(128)}`);
  const asked: string[] = [];
  const reader = {
    listReferrers: async () => undefined,
    readManifest: async (_: Repository, tag: string): Promise<never> => {
      asked.push(tag);
      throw new StoreError('NotFound', 'nothing');
    },
    readBlob: (): never => {
      throw new Error('no blob is asked for');
    },
  };
  const kinds: string[] = [];
  const repository = parseRepository('quay.io/signet/app');
  const { signal } = new AbortController();
  for await (const { kind } of findAttachments(reader, repository, digest, signal)) kinds.push(kind);
  expect([kinds, asked]).toEqual([['absent', 'absent'], [`sha512-${'a'.repeat(64)}`]]);
});
