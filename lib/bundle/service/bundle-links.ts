import aws4 from 'aws4';
import type { AwsSettings } from '../../platform/aws/aws-settings.ts';
import {
  isS3Location,
  parseS3Location,
  type S3Location,
  toBucketKey,
  toObjectUrl,
} from '../../platform/objects/s3/s3-location.ts';
import { type BundleState, bundleArchiveKey } from './bundle-state.ts';

/** Where a caller can fetch a finished bundle. */
export interface BundleLinks {
  /** An address, or a path of this service, for whoever may read the state of this bundle. */
  toLink(id: string): Promise<string>;
}

/** Links for bundles in `s3://bucket[/prefix]` or a directory. @throws InputError `ArgumentInvalid` */
export function openBundleLinks(location: string, readAws: () => AwsSettings, now: () => Date): BundleLinks {
  if (isS3Location(location)) return createSignedLinks({ ...parseS3Location(location), ...readAws(), now });
  return createDownloadLinks();
}

/** The state of a bundle as the API answers it; with a link when it is done. */
export async function summariseBundle(
  state: BundleState,
  links: BundleLinks,
): Promise<Readonly<Record<string, unknown>>> {
  const summary = withoutSchema(state);
  return state.state === 'done' ? { ...summary, link: await links.toLink(state.id) } : summary;
}

/** The state of a bundle as a list has it. */
export function withoutSchema(state: BundleState): Omit<BundleState, 'schema'> {
  const { schema: _, ...summary } = state;
  return summary;
}

/** Links to the service itself, where objects are files of its own machine. */
export function createDownloadLinks(): BundleLinks {
  return { toLink: async (id) => `/v1/bundles/${id}/download` };
}

interface SignedLinksOptions extends S3Location, AwsSettings {
  readonly now: () => Date;
}

/** Seconds for which a link works. */
export const LINK_SECONDS = 15 * 60;

/** Links that S3 answers itself: GET of this one object, signed by the function's role, for {@link LINK_SECONDS}. */
function createSignedLinks(options: SignedLinksOptions): BundleLinks {
  const { region, credentials, now } = options;
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
