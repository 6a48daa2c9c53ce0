import type { AwsSettings } from '../../platform/aws/aws-settings.ts';
import { isS3Location, parseS3Location } from '../../platform/objects/s3/s3-location.ts';
import type { BundleLinks } from './bundle-links.ts';
import { createDownloadLinks } from './download-links.ts';
import { createSignedLinks } from './signed-links.ts';

/** Links for bundles in `s3://bucket[/prefix]` or a directory. @throws InputError `ArgumentInvalid` */
export function openBundleLinks(location: string, readAws: () => AwsSettings, now: () => Date): BundleLinks {
  if (isS3Location(location)) return createSignedLinks({ ...parseS3Location(location), ...readAws(), now });
  return createDownloadLinks();
}
