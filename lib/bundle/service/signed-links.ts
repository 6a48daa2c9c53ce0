import aws4 from 'aws4';
import { type AwsSettings, toGivenCredentials } from '../../platform/aws/aws-settings.ts';
import { type S3Location, toBucketKey, toObjectUrl } from '../../platform/objects/s3/s3-location.ts';
import type { BundleLinks } from './bundle-links.ts';
import { bundleArchiveKey } from './bundle-state.ts';

export interface SignedLinksOptions extends S3Location, AwsSettings {
  /** URL of an S3-compatible server, asked by path. */
  readonly endpoint?: string | undefined;
  readonly now: () => Date;
}

/** Seconds for which a link works. */
export const LINK_SECONDS = 15 * 60;

/** Links that S3 answers itself: GET of this one object, signed by the function's role, for {@link LINK_SECONDS}. */
export function createSignedLinks(options: SignedLinksOptions): BundleLinks {
  const { region, now } = options;
  const credentials = toGivenCredentials(options.credentials);
  return {
    async toLink(id) {
      const url = toObjectUrl(options, toBucketKey(options, bundleArchiveKey(id)));
      url.searchParams.set('X-Amz-Expires', String(LINK_SECONDS));
      url.searchParams.set('X-Amz-Date', toAmzDate(now()));
      const path = `${url.pathname}${url.search}`;
      const signed = aws4.sign({ host: url.host, path, service: 's3', region, signQuery: true }, credentials);
      return new URL(signed.path ?? path, url).href;
    },
  };
}

/** `20261122T100000Z` */
function toAmzDate(time: Date): string {
  return time.toISOString().replaceAll(/[:-]|\.\d{3}/g, '');
}
