import { Readable } from 'node:stream';
import { S3Client } from '@aws-sdk/client-s3';
import { listS3Objects } from '../../lib/platform/objects/s3/s3-listing.ts';
import { casesOf, number, type ReaderCase } from './reader-case.ts';

/** Stands between the pages of a listing in one text. */
const NEXT = '\n--\n';

/** What a server of S3 answers to one question after the other, read by the SDK and by Signet. */
async function readListing(text: string): Promise<void> {
  const pages = text.split(NEXT);
  let asked = 0;
  const client = new S3Client({
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
    requestHandler: {
      handle: async () => {
        const body = Readable.from([Buffer.from(pages[asked++] ?? '')]);
        return { response: { statusCode: 200, headers: { 'content-type': 'application/xml' }, body } };
      },
    },
  });
  const target = { client, bucket: 'bucket', prefix: '', timeoutMs: 60_000 };
  for await (const _ of listS3Objects(target, 'signatures/'));
}

const page = (inner: string): string => `<?xml version="1.0"?><ListBucketResult>${inner}</ListBucketResult>`;
const keyOf = (index: number): string => `signatures/${index.toString().padStart(8, '0')}`;
const contents = (index: number): string => `<Contents><Key>${keyOf(index)}</Key><Size>1</Size></Contents>`;
const list = (length: number, toPart: (index: number) => string): readonly string[] =>
  Array.from({ length: Math.ceil(length) }, (_, index) => toPart(index));
const more = (token: string): string =>
  `<IsTruncated>true</IsTruncated><NextContinuationToken>${token}</NextContinuationToken>`;

export const LISTING_READERS: readonly ReaderCase[] = casesOf('listing of S3', readListing, {
  keys: (size) => page(list(size / 64, contents).join('')),
  'keys in pages': (size) =>
    list(size / 4096, (index) => page(list(60, (at) => contents(index * 60 + at)).join('') + more(`${index}`))).join(
      NEXT,
    ),
  'pages of nothing': (size) => list(size / 512, (index) => page(more(`${index}`.padStart(360, '0')))).join(NEXT),
  'keys that are skipped': (size) =>
    page(list(size / 64, (index) => contents(index).replace('</Key>', '//</Key>')).join('')),
  'a long key': (size) => page(`<Contents><Key>signatures/${'a'.repeat(size)}</Key></Contents>`),
  entities: (size) => page(`<Contents><Key>signatures/${'&amp;'.repeat(size / 5)}</Key></Contents>`),
  'numbers of characters': (size) => page(`<Contents><Key>signatures/${'&#97;'.repeat(size / 5)}</Key></Contents>`),
  'unclosed entities': (size) => page(`<Contents><Key>signatures/${'&'.repeat(size)}</Key></Contents>`),
  'elements in elements': (size) => page('<a>'.repeat(size / 7) + '</a>'.repeat(size / 7)),
  'open elements': (size) => page('<a>'.repeat(size / 3)),
  attributes: (size) => page(`<Contents ${number(size, (index) => `a${index}="b" `)}/>`),
  comments: (size) => page('<!-- a -->'.repeat(size / 10)),
  'an open comment': (size) => page(`<!--${' -'.repeat(size / 2)}`),
  'open sections': (size) => page('<![CDATA['.repeat(size / 9)),
  spaces: (size) => page(' '.repeat(size)),
  'a type of document': (size) =>
    `<?xml version="1.0"?><!DOCTYPE a [${'<!ENTITY a "b">'.repeat(size / 15)}]><ListBucketResult/>`,
});
