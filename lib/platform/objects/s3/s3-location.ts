import { InputError } from '../../../base/errors/input-error.ts';
import { StoreError } from '../../../base/errors/store-error.ts';
import { type EndpointAddress, toBucketUrl } from '../../aws/endpoints.ts';
import { parseObjectKey } from '../port/object-store.ts';

/** A bucket and the part of it that a store uses: keys below `prefix`, which is empty or has no final slash. */
export interface S3Location {
  readonly bucket: string;
  readonly prefix: string;
}

const SCHEME = 's3://';
/** As in S3's naming rules; so that the name can stand in a host name and in a path as it is. */
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

export function isS3Location(location: string): boolean {
  return location.startsWith(SCHEME);
}

/** Reads `s3://bucket[/prefix[/]]`. @throws InputError `ArgumentInvalid`. */
export function parseS3Location(location: string): S3Location {
  const shown = JSON.stringify(location);
  if (!isS3Location(location)) throw new InputError('ArgumentInvalid', `${shown} does not start with ${SCHEME}`);
  const [bucket = '', ...segments] = location.slice(SCHEME.length).split('/');
  if (!BUCKET.test(bucket)) throw new InputError('ArgumentInvalid', `${shown} does not name a bucket`);
  const prefix = (segments.at(-1) === '' ? segments.slice(0, -1) : segments).join('/');
  try {
    if (prefix !== '') parseObjectKey(prefix);
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause;
    throw new InputError('ArgumentInvalid', `${shown} has an unusable prefix: ${cause.message}`, { cause });
  }
  return { bucket, prefix };
}

/** The bucket's key for a store's key. @throws StoreError `KeyRefused`, also when the prefix makes it too long. */
export function toBucketKey({ prefix }: S3Location, key: string): string {
  parseObjectKey(key);
  if (prefix === '') return key;
  const bucketKey = `${prefix}/${key}`;
  parseObjectKey(bucketKey);
  return bucketKey;
}

export function describeS3Location({ bucket, prefix }: S3Location): string {
  return prefix === '' ? `${SCHEME}${bucket}` : `${SCHEME}${bucket}/${prefix}`;
}

interface S3Address extends EndpointAddress {
  readonly bucket: string;
  /** Asked by path, whatever the environment says. */
  readonly endpoint?: string | undefined;
}

/** The URL of one object. */
export function toObjectUrl(address: S3Address, bucketKey: string): URL {
  const { bucket, endpoint } = address;
  const path = bucketKey.split('/').map(encodeSegment).join('/');
  const base = endpoint === undefined ? toBucketUrl(bucket, address) : `${endpoint.replace(/\/$/, '')}/${bucket}`;
  return new URL(`${base}/${path}`);
}

/** RFC 3986's unreserved characters alone stay as they are: this is also what is signed. */
function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** @throws InputError `ArgumentInvalid` for what is empty or a URL: no store is opened in a directory of that name */
export function checkDirectoryLocation(location: string): void {
  if (location !== '' && !/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(location)) return;
  throw new InputError('ArgumentInvalid', `${JSON.stringify(location)} is neither s3://bucket nor a directory`);
}
