import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import { StoreError } from '../errors/store-error.ts';
import { compareKeys, parseKeyPrefix, parseObjectKey, RESERVED_SEGMENT } from './object-key.ts';
import type { ListedObject } from './object-store.ts';
import { runS3Operation, type S3Target } from './s3-operation.ts';

/**
 * All objects whose key starts with `start`, page by page, in the order of their keys.
 *
 * @throws StoreError `KeyRefused` for a key that no store may hold, `BodyInvalid` for a listing out of order: a page
 * that comes again would never end, and S3's directory buckets do not sort
 */
export async function* listS3Objects(target: S3Target, start: string): AsyncGenerator<ListedObject> {
  parseKeyPrefix(start);
  const root = target.prefix === '' ? '' : `${target.prefix}/`;
  let last = '';
  let token: string | undefined;
  do {
    const page = await fetchPage(target, `${root}${start}`, token);
    for (const { Key: bucketKey = '', Size: size = 0 } of page.Contents ?? []) {
      if (!bucketKey.startsWith(root) || compareKeys(last, bucketKey) >= 0) {
        throw new StoreError('BodyInvalid', `the listing of ${start} has ${JSON.stringify(bucketKey)} out of order`);
      }
      last = bucketKey;
      const key = bucketKey.slice(root.length);
      if (isIgnored(key, size)) continue;
      parseObjectKey(key);
      yield { key, size };
    }
    token = page.NextContinuationToken;
    if (page.IsTruncated === true && token === undefined) {
      throw new StoreError('BodyInvalid', `the listing of ${start} is cut off without a way to go on`);
    }
  } while (token !== undefined);
}

/** Empty objects by which consoles show a folder, and the working area of a directory store that was copied here. */
function isIgnored(key: string, size: number): boolean {
  return (key.endsWith('/') && size === 0) || key.startsWith(`${RESERVED_SEGMENT}/`);
}

function fetchPage(
  { client, bucket, timeoutMs }: S3Target,
  prefix: string,
  token: string | undefined,
): Promise<ListObjectsV2CommandOutput> {
  const command = new ListObjectsV2Command({
    Bucket: bucket,
    Prefix: prefix,
    ...(token === undefined ? {} : { ContinuationToken: token }),
  });
  return runS3Operation(`listing ${prefix} in ${bucket}`, timeoutMs, (abortSignal) =>
    client.send(command, { abortSignal }),
  );
}
