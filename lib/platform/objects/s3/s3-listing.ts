import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import { StoreError } from '../../../base/errors/store-error.ts';
import {
  compareKeys,
  isObjectKey,
  type ListedObject,
  type ListingStart,
  parseKeyPrefix,
  parseListingStart,
  RESERVED_SEGMENT,
} from '../port/object-store.ts';
import { runS3Operation, type S3Target } from './s3-client.ts';

/** Pages in a row without a key of an object, such as those of a bucket's deleted versions, which have a thousand each. */
const MAX_EMPTY_PAGES = 1000;

/**
 * All objects whose key starts with `prefix`, page by page, in the order of their keys.
 *
 * A key that no store may hold is skipped: it cannot be read, and it must not hide the keys after it.
 *
 * @throws StoreError `BodyInvalid` for a listing out of order: a page
 * that comes again would never end, S3's directory buckets do not sort, and a server may not know how to start after
 * a key; `LimitExceeded` for one that goes on and on without a key
 */
export async function* listS3Objects(
  target: S3Target,
  prefix: string,
  start: ListingStart = {},
): AsyncGenerator<ListedObject> {
  parseKeyPrefix(prefix);
  const after = parseListingStart(start);
  const root = target.prefix === '' ? '' : `${target.prefix}/`;
  const startAfter = after === '' ? '' : `${root}${after}`;
  let last = startAfter;
  let token: string | undefined;
  let empty = 0;
  do {
    if (empty > MAX_EMPTY_PAGES) {
      throw new StoreError(
        'LimitExceeded',
        `the listing of ${prefix} has more than ${MAX_EMPTY_PAGES} pages of nothing`,
      );
    }
    const page = await fetchPage(target, `${root}${prefix}`, startAfter, token);
    for (const { Key: bucketKey = '', Size: size = 0, LastModified: modifiedAt } of page.Contents ?? []) {
      if (!bucketKey.startsWith(root) || compareKeys(last, bucketKey) >= 0) {
        throw new StoreError('BodyInvalid', `the listing of ${prefix} has ${JSON.stringify(bucketKey)} out of order`);
      }
      last = bucketKey;
      const key = bucketKey.slice(root.length);
      if (isIgnored(key, size)) continue;
      yield { key, size, modifiedAt };
    }
    empty = page.Contents === undefined || page.Contents.length === 0 ? empty + 1 : 0;
    const next = page.NextContinuationToken;
    // Its keys would be out of order; a page without any would come again for ever.
    if (next !== undefined && next === token) {
      throw new StoreError('BodyInvalid', `the listing of ${prefix} goes on at the page that it has just come to`);
    }
    token = next;
    if (page.IsTruncated === true && token === undefined) {
      throw new StoreError('BodyInvalid', `the listing of ${prefix} is cut off without a way to go on`);
    }
  } while (token !== undefined);
}

/** Also empty objects by which consoles show a folder, and the working area of a directory store that was copied here. */
function isIgnored(key: string, size: number): boolean {
  return (key.endsWith('/') && size === 0) || key.startsWith(`${RESERVED_SEGMENT}/`) || !isObjectKey(key);
}

function fetchPage(
  { client, bucket, timeoutMs }: S3Target,
  prefix: string,
  startAfter: string,
  token: string | undefined,
): Promise<ListObjectsV2CommandOutput> {
  const command = new ListObjectsV2Command({
    Bucket: bucket,
    Prefix: prefix,
    // A token knows where the pages before it have ended.
    ...(token === undefined ? {} : { ContinuationToken: token }),
    ...(token !== undefined || startAfter === '' ? {} : { StartAfter: startAfter }),
  });
  return runS3Operation(`listing ${prefix} in ${bucket}`, timeoutMs, (abortSignal) =>
    client.send(command, { abortSignal }),
  );
}
