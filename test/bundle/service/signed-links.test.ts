import { createHash, createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { type BundleLinks, LINK_SECONDS, openBundleLinks } from '../../../lib/bundle/service/bundle-links.ts';
import type { AwsCredentials } from '../../../lib/platform/aws/aws-settings.ts';

const ID = '0123456789abcdef'.repeat(2);
const NOW = new Date('2026-11-22T01:02:03.456Z');
const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: SECRET, sessionToken: 'a/token+with=signs' };

const openLinks = (location: string, given: AwsCredentials = credentials): BundleLinks =>
  openBundleLinks(
    location,
    () => ({ region: 'eu-west-1', credentials: given }),
    () => NOW,
  );

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

/** The signature of a link as "Authenticating Requests: Using Query Parameters" of Amazon S3's reference makes it. */
function sign(link: URL): string {
  const query = [...link.searchParams]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .toSorted()
    .join('&');
  const canonical = ['GET', link.pathname, query, `host:${link.host}`, '', 'host', 'UNSIGNED-PAYLOAD'].join('\n');
  const scope = '20261122/eu-west-1/s3/aws4_request';
  const hash = createHash('sha256').update(canonical).digest('hex');
  const text = ['AWS4-HMAC-SHA256', '20261122T010203Z', scope, hash].join('\n');
  const key = ['eu-west-1', 's3', 'aws4_request'].reduce(hmac, hmac(`AWS4${SECRET}`, '20261122'));
  return hmac(key, text).toString('hex');
}

test.each([
  ['a bucket', 's3://signet', `https://signet.s3.eu-west-1.amazonaws.com/bundles/${ID}/bundle.tar.gz`],
  ['a prefix', 's3://signet/a/b', `https://signet.s3.eu-west-1.amazonaws.com/a/b/bundles/${ID}/bundle.tar.gz`],
  ['a bucket with dots', 's3://a.b.c', `https://s3.eu-west-1.amazonaws.com/a.b.c/bundles/${ID}/bundle.tar.gz`],
])('a link to %s names one object, lasts 15 minutes, and is signed as S3 wants it', async (_, location, place) => {
  const link = new URL(await openLinks(location).toLink(ID));
  expect(`${link.origin}${link.pathname}`).toBe(place);
  expect(Object.fromEntries(link.searchParams)).toEqual({
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': 'AKIDEXAMPLE/20261122/eu-west-1/s3/aws4_request',
    'X-Amz-Date': '20261122T010203Z',
    'X-Amz-Expires': '900',
    'X-Amz-Security-Token': 'a/token+with=signs',
    'X-Amz-SignedHeaders': 'host',
    'X-Amz-Signature': sign(link),
  });
  expect(LINK_SECONDS).toBe(900);
  expect(link.href).not.toContain(SECRET);
});

test('without a session there is no token', async () => {
  const { accessKeyId, secretAccessKey } = credentials;
  const link = new URL(await openLinks('s3://b-1', { accessKeyId, secretAccessKey }).toLink(ID));
  expect(link.searchParams.has('X-Amz-Security-Token')).toBe(false);
  expect(link.searchParams.get('X-Amz-Signature')).toBe(sign(link));
});

test('an id that is a path makes no link', async () => {
  await expect(openLinks('s3://b-1').toLink('../../trust')).rejects.toMatchObject({ code: 'KeyRefused' });
});

test('a directory is linked to by the service itself, and asks for no credentials', async () => {
  const readAws = (): never => {
    throw new Error('nobody asked for credentials');
  };
  expect(await openBundleLinks('/data', readAws, () => NOW).toLink(ID)).toBe(`/v1/bundles/${ID}/download`);
  expect(await openLinks('s3://signet/a').toLink(ID)).toMatch(/^https:\/\/signet\./);
});
