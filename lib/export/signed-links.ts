import { AwsV4Signer } from 'aws4fetch';
import type { AwsSettings } from '../aws/aws-settings.ts';
import { type S3Location, toBucketKey } from '../objects/s3-location.ts';
import { toObjectUrl } from '../objects/s3-object-url.ts';
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
  const { accessKeyId, secretAccessKey, sessionToken } = options.credentials;
  return {
    async toLink(id) {
      const url = toObjectUrl(options, toBucketKey(options, bundleArchiveKey(id)));
      url.searchParams.set('X-Amz-Expires', String(LINK_SECONDS));
      const signer = new AwsV4Signer({
        method: 'GET',
        url: url.href,
        signQuery: true,
        service: 's3',
        region,
        accessKeyId,
        secretAccessKey,
        ...(sessionToken === undefined ? {} : { sessionToken }),
        datetime: now()
          .toISOString()
          .replaceAll(/[:-]|\.\d{3}/g, ''),
      });
      return (await signer.sign()).url.href;
    },
  };
}
