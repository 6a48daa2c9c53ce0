import { afterEach, describe, expect, test } from 'vitest';
import { BUNDLE_TYPE, COSIGN_REFERRER_TYPE } from '../../../lib/crypto/sigstore/signature-blob.ts';
import { MAX_ATTACHED_SIGNATURES } from '../../../lib/registry/attachments/attachment.ts';
import { MAX_REFERRERS } from '../../../lib/registry/client/list-referrers.ts';
import { createSetup, OCI_INDEX, toDigest } from '../client/registry-setup.ts';
import {
  type Answers,
  BUNDLE,
  bundleManifest,
  type Content,
  cosignManifest,
  cosignReferrer,
  describeManifest,
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
const SBOM_TYPE = 'application/spdx+json';
const payload: Answers = { [`blobs/${toDigest(PAYLOAD)}`]: { type: OCTETS, bytes: PAYLOAD } };
const blobs: Answers = { ...payload, [`blobs/${toDigest(BUNDLE)}`]: { type: OCTETS, bytes: BUNDLE } };

function toBundle(statement: unknown): string {
  const encoded = Buffer.from(JSON.stringify(statement)).toString('base64');
  return JSON.stringify({ dsseEnvelope: { payload: encoded, payloadType: 'application/vnd.in-toto+json' } });
}

/** A list of what refers to the image, with the manifests in it. */
function listed(manifests: readonly Content[], list: Content, at = REFERRERS): Answers {
  const contents = manifests.map((one) => [`manifests/${toDigest(one.bytes)}`, one] as const);
  return { ...blobs, ...Object.fromEntries(contents), [at]: list };
}

const referrer = cosignReferrer([PAYLOAD, PAYLOAD]);
const ofReferrer = describeManifest(referrer.bytes, COSIGN_REFERRER_TYPE);
const bundle = bundleManifest();
const ofBundle = describeManifest(bundle.bytes);

/** A bundle with other content, and its blob. */
function toOther(text: string, type = BUNDLE_TYPE): { readonly one: ReturnType<typeof bundleManifest>; blob: Answers } {
  const layers = [{ mediaType: type, digest: toDigest(text), size: text.length }];
  return {
    one: bundleManifest(undefined, { layers, artifactType: type }),
    blob: { [`blobs/${toDigest(text)}`]: { type: OCTETS, bytes: text } },
  };
}

function ofStatement(predicateType: unknown): Answers {
  const { one, blob } = toOther(toBundle({ _type: 'https://in-toto.io/Statement/v1', predicateType }));
  return { ...listed([one], index([describeManifest(one.bytes)])), ...blob };
}

function ofVersion(type: string): Answers {
  const { one, blob } = toOther(BUNDLE, type);
  return { ...listed([one], index([describeManifest(one.bytes, type)])), ...blob };
}

const sameLayer = { mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json', digest: toDigest(PAYLOAD), size: 9 };

describe('every form in which a registry holds signatures', () => {
  test.each<{ name: string; answers: Answers; expected: readonly string[] }>([
    {
      name: 'simple signing by referrers',
      answers: listed([referrer], index([ofReferrer])),
      expected: ['absent', 'signature', 'signature', 'absent'],
    },
    {
      name: 'the same by the tag',
      answers: listed([referrer], index([ofReferrer]), REFERRERS_TAG),
      expected: ['absent', 'signature', 'signature', 'absent'],
    },
    {
      name: 'the same, listed without artifact type',
      answers: listed([referrer], index([{ ...ofReferrer, artifactType: undefined }])),
      expected: ['absent', 'signature', 'signature', 'absent'],
    },
    {
      name: 'the same beside a bundle and a tag',
      answers: {
        ...listed([referrer, bundle], index([ofReferrer, ofBundle])),
        [SIGNATURE_TAG]: cosignManifest([PAYLOAD]),
      },
      expected: ['signature', 'signature', 'signature', 'signature', 'absent'],
    },
    {
      name: 'simple signing that names another image',
      answers: listed(
        [cosignReferrer([PAYLOAD], { subject: { digest: toDigest('another') } })],
        index([describeManifest(cosignReferrer([PAYLOAD], { subject: { digest: toDigest('another') } }).bytes)]),
      ),
      expected: ['absent', 'failed BodyInvalid', 'absent'],
    },
    ...[1, 2, 3].map((minor) => ({
      name: `a bundle of version 0.${minor}`,
      answers: ofVersion(`application/vnd.dev.sigstore.bundle+json;version=0.${minor}`),
      expected: ['absent', 'signature', 'absent'],
    })),
    {
      name: 'the tag where the API answers 400',
      answers: {
        ...listed([bundle], index([ofBundle]), REFERRERS_TAG),
        [REFERRERS]: (response) => void response.writeHead(400).end(),
      },
      expected: ['absent', 'signature', 'failed StatusUnexpected'],
    },
    {
      name: 'the tag where the API answers with a page',
      answers: {
        ...listed([bundle], index([ofBundle]), REFERRERS_TAG),
        [REFERRERS]: { type: 'text/html', bytes: '<html>' },
      },
      expected: ['absent', 'signature', 'failed BodyInvalid'],
    },
    {
      name: 'a manifest that is listed twice',
      answers: listed([bundle], index([ofBundle, ofBundle])),
      expected: ['absent', 'signature', 'absent'],
    },
    {
      name: 'a layer twice, and one of the same payload by another key',
      answers: {
        ...payload,
        [SIGNATURE_TAG]: manifest({
          config: {},
          layers: ['A', 'B', 'A'].map((one) => ({
            ...sameLayer,
            annotations: { 'dev.cosignproject.cosign/signature': one },
          })),
        }),
      },
      expected: ['signature', 'signature', 'absent'],
    },
  ])('$name: $expected', async ({ answers, expected }) => {
    expect((await readEntries(setup, answers)).entries).toEqual(expected);
  });

  test('a payload of many signatures is read once', async () => {
    const answers = { ...payload, [SIGNATURE_TAG]: cosignManifest([PAYLOAD, PAYLOAD, PAYLOAD]) };
    const { entries, asked } = await readEntries(setup, answers);
    expect(entries).toEqual(['signature', 'signature', 'signature', 'absent']);
    expect(asked.filter((path) => path.startsWith('blobs/'))).toHaveLength(1);
  });
});

describe('a statement that signs nothing is no signature', () => {
  test.each([
    { name: 'provenance', predicateType: 'https://slsa.dev/provenance/v1' },
    { name: 'a bill of materials', predicateType: 'https://spdx.dev/Document' },
    { name: 'a predicate of a megabyte’s name', predicateType: 'x'.repeat(40_000) },
  ])('$name: absent', async ({ predicateType }) => {
    const { entries, messages } = await readEntries(setup, ofStatement(predicateType));
    expect(entries).toEqual(['absent', 'absent', 'absent']);
    expect(messages).toEqual([expect.stringMatching(/^a statement of ".{1,170}", which is no signature$/)]);
  });

  test.each([
    { name: 'what cosign states', predicateType: 'https://sigstore.dev/cosign/sign/v1' },
    // Verification says what is wrong with it.
    { name: 'no predicate', predicateType: undefined },
    { name: 'a number', predicateType: 1 },
  ])('$name: signature', async ({ predicateType }) => {
    expect((await readEntries(setup, ofStatement(predicateType))).entries).toEqual(['absent', 'signature', 'absent']);
  });
});

const junk = (count: number) => Array.from({ length: count }, (_, at) => describeManifest(`junk ${at}`));

describe('what is not read hides nothing, and is named', () => {
  test(`${MAX_ATTACHED_SIGNATURES + 3} layers: as many as the limit in their order`, async () => {
    const answers = { ...payload, [SIGNATURE_TAG]: cosignManifest(Array(MAX_ATTACHED_SIGNATURES + 3).fill(PAYLOAD)) };
    const { entries, messages } = await readEntries(setup, answers);
    expect(entries).toEqual([
      ...Array<string>(MAX_ATTACHED_SIGNATURES).fill('signature'),
      'failed LimitExceeded',
      'absent',
    ]);
    expect(messages).toEqual([
      `its layer ${MAX_ATTACHED_SIGNATURES + 1} and 2 after it are not read: ${MAX_ATTACHED_SIGNATURES} signatures of an image are`,
    ]);
  });

  test('one limit for all forms: bundles after a full tag are named', async () => {
    const answers = {
      ...listed([referrer, bundle], index([ofReferrer, ofBundle])),
      [SIGNATURE_TAG]: cosignManifest(Array(MAX_ATTACHED_SIGNATURES).fill(PAYLOAD)),
    };
    const { entries, messages, asked } = await readEntries(setup, answers);
    expect(entries.slice(MAX_ATTACHED_SIGNATURES)).toEqual(['failed LimitExceeded', 'absent']);
    expect(messages).toEqual([
      `${toDigest(referrer.bytes)} and 1 after it are not read: ${MAX_ATTACHED_SIGNATURES} signatures of an image are`,
    ]);
    expect(asked).not.toContain(`manifests/${toDigest(referrer.bytes)}`);
  });

  test('a good bundle before 10,000 of junk', async () => {
    const { entries, asked } = await readEntries(setup, listed([bundle], index([ofBundle, ...junk(10_000)])));
    expect(entries.slice(0, 2)).toEqual(['absent', 'signature']);
    expect(entries.slice(-2)).toEqual(['failed LimitExceeded', 'failed LimitExceeded']);
    expect(asked.length).toBeLessThan(MAX_ATTACHED_SIGNATURES + 5);
  });

  test('the same by the tag', async () => {
    const answers = listed([bundle], index([ofBundle, ...junk(10_000)]), REFERRERS_TAG);
    const { entries } = await readEntries(setup, answers);
    expect(entries.slice(0, 2)).toEqual(['absent', 'signature']);
    expect(entries.slice(-2)).toEqual(['failed LimitExceeded', 'failed LimitExceeded']);
  });

  test('10,000 of what is no signature: the list is cut, and nothing else is asked for', async () => {
    const many = Array.from({ length: 10_000 }, (_, at) => describeManifest(`${at}`, SBOM_TYPE));
    const { entries, asked } = await readEntries(setup, listed([bundle], index([ofBundle, ...many])));
    expect(entries).toEqual(['absent', 'signature', 'failed LimitExceeded']);
    expect(asked).toHaveLength(4);
    const late = [...many.slice(0, MAX_REFERRERS), ofBundle];
    expect((await readEntries(setup, listed([bundle], index(late)))).entries).toEqual([
      'absent',
      'failed LimitExceeded',
    ]);
  });

  test.each<{ name: string; answers: Answers; expected: readonly string[] }>([
    {
      name: 'a layer without digest',
      answers: {
        ...payload,
        [SIGNATURE_TAG]: manifest({
          config: {},
          layers: [{ mediaType: 'x' }, { ...sameLayer, annotations: null }, 'text', null],
        }),
      },
      expected: ['signature', 'failed BodyInvalid', 'absent'],
    },
    {
      name: 'a descriptor without digest',
      answers: listed([bundle], index([{ mediaType: 'x' }, ofBundle])),
      expected: ['absent', 'signature', 'failed BodyInvalid'],
    },
    {
      name: 'the same by the tag',
      answers: listed([bundle], index([ofBundle, 7]), REFERRERS_TAG),
      expected: ['absent', 'signature', 'failed BodyInvalid'],
    },
    {
      name: 'a second page that fails',
      answers: {
        ...listed([bundle], index([])),
        [REFERRERS]: (response, _, query) => {
          if (query.has('page')) response.writeHead(500).end();
          else {
            const link = `</v2/team/app/${REFERRERS}?page=1>; rel="next"`;
            response.writeHead(200, { 'content-type': OCI_INDEX, link }).end(index([ofBundle]).bytes);
          }
        },
      },
      expected: ['absent', 'signature', 'failed StatusUnexpected'],
    },
    {
      name: 'a next page elsewhere',
      answers: {
        ...listed([bundle], index([])),
        [REFERRERS]: (response) => {
          const link = '</elsewhere?page=1>; rel="next"';
          response.writeHead(200, { 'content-type': OCI_INDEX, link }).end(index([ofBundle]).bytes);
        },
      },
      expected: ['absent', 'signature', 'failed BodyInvalid'],
    },
  ])('$name: $expected', async ({ answers, expected }) => {
    expect((await readEntries(setup, answers)).entries).toEqual(expected);
  });
});
