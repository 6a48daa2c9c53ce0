interface S3Address {
  readonly bucket: string;
  readonly region: string;
  readonly endpoint?: string | undefined;
}

/** The URL of one object: by the bucket's own host, or by path at an endpoint and for names that no certificate fits. */
export function toObjectUrl(address: S3Address, bucketKey: string): URL {
  const { bucket, region, endpoint } = address;
  const path = bucketKey.split('/').map(encodeSegment).join('/');
  if (endpoint !== undefined) return new URL(`${endpoint.replace(/\/$/, '')}/${bucket}/${path}`);
  const host = `s3.${region}.${region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'}`;
  return new URL(bucket.includes('.') ? `https://${host}/${bucket}/${path}` : `https://${bucket}.${host}/${path}`);
}

/** RFC 3986's unreserved characters alone stay as they are: this is also what is signed. */
function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
