import { ConfigurationError } from '../../base/errors/configuration-error.ts';

/** How requests to AWS find their host, as the AWS SDK reads it from the environment. */
export interface EndpointSettings {
  /** URL to use in place of the service's own, of the services that are called without the SDK. */
  readonly urls: Readonly<Partial<Record<LightService, string>>>;
  readonly useFips: boolean;
  readonly useDualStack: boolean;
}

/** The services that are called without the SDK. */
export type LightService = 'cloudfront' | 'ecr' | 'eventbridge' | 'kms' | 's3' | 'sqs';

/** The variables that lead requests elsewhere. `npm run reference` makes docs/reference/configuration.md from the comments. */
interface EndpointVariables {
  /** URL of an endpoint for every service of AWS. */
  readonly AWS_ENDPOINT_URL: string;
  /** URL of an endpoint for CloudFront; it wins over `AWS_ENDPOINT_URL`. */
  readonly AWS_ENDPOINT_URL_CLOUDFRONT: string;
  /** URL of an endpoint for ECR; it wins over `AWS_ENDPOINT_URL`. */
  readonly AWS_ENDPOINT_URL_ECR: string;
  /** URL of an endpoint for EventBridge; it wins over `AWS_ENDPOINT_URL`. */
  readonly AWS_ENDPOINT_URL_EVENTBRIDGE: string;
  /** URL of an endpoint for KMS; it wins over `AWS_ENDPOINT_URL`. */
  readonly AWS_ENDPOINT_URL_KMS: string;
  /** URL of an endpoint for S3; it wins over `AWS_ENDPOINT_URL`. Those of other services are read as well. */
  readonly AWS_ENDPOINT_URL_S3: string;
  /** URL of an endpoint for SQS; it wins over `AWS_ENDPOINT_URL`, and over the host of a queue's URL. */
  readonly AWS_ENDPOINT_URL_SQS: string;
  /** `true`: none of these URLs is used. */
  readonly AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: boolean;
  /** `true`: endpoints whose cryptography is validated by FIPS 140. */
  readonly AWS_USE_FIPS_ENDPOINT: boolean;
  /** `true`: endpoints that answer by IPv6 as well. */
  readonly AWS_USE_DUALSTACK_ENDPOINT: boolean;
}

const OWN_URLS = {
  cloudfront: 'AWS_ENDPOINT_URL_CLOUDFRONT',
  ecr: 'AWS_ENDPOINT_URL_ECR',
  eventbridge: 'AWS_ENDPOINT_URL_EVENTBRIDGE',
  kms: 'AWS_ENDPOINT_URL_KMS',
  s3: 'AWS_ENDPOINT_URL_S3',
  sqs: 'AWS_ENDPOINT_URL_SQS',
} as const satisfies Record<LightService, keyof EndpointVariables>;

const LIGHT_SERVICES = [
  'cloudfront',
  'ecr',
  'eventbridge',
  'kms',
  's3',
  'sqs',
] as const satisfies readonly LightService[];

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws ConfigurationError `DocumentInvalid` that names the variable */
export function readEndpoints(environment: Environment): EndpointSettings {
  const readUrl = (service: LightService): string => {
    const name = environment[OWN_URLS[service]] ? OWN_URLS[service] : 'AWS_ENDPOINT_URL';
    const url = environment[name] ?? '';
    if (url !== '' && !/^https?:\/\/[^/?#]/.test(url)) throw invalid(`${name} is not a URL of http or https`);
    return url;
  };
  const isIgnored = readSwitch(environment, 'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS');
  const urls: Partial<Record<LightService, string>> = {};
  for (const service of isIgnored ? [] : LIGHT_SERVICES) {
    const url = readUrl(service);
    if (url !== '') urls[service] = url;
  }
  return {
    urls,
    useFips: readSwitch(environment, 'AWS_USE_FIPS_ENDPOINT'),
    useDualStack: readSwitch(environment, 'AWS_USE_DUALSTACK_ENDPOINT'),
  };
}

function readSwitch(environment: Environment, name: keyof EndpointVariables): boolean {
  const value = environment[name] ?? '';
  if (!['', 'true', 'false'].includes(value)) throw invalid(`${name} is neither true nor false`);
  return value === 'true';
}

interface Partition {
  readonly regions: RegExp;
  readonly suffix: string;
  readonly dualStackSuffix: string;
}

/** As the SDK's partitions have them. A region that is in none of these is one of `aws`. */
const PARTITIONS: readonly Partition[] = [
  { regions: /^cn-/, suffix: 'amazonaws.com.cn', dualStackSuffix: 'api.amazonwebservices.com.cn' },
  { regions: /^eusc-/, suffix: 'amazonaws.eu', dualStackSuffix: 'api.amazonwebservices.eu' },
  { regions: /^us-iso-/, suffix: 'c2s.ic.gov', dualStackSuffix: 'api.aws.ic.gov' },
  { regions: /^us-isob-/, suffix: 'sc2s.sgov.gov', dualStackSuffix: 'api.aws.scloud' },
  { regions: /^eu-isoe-/, suffix: 'cloud.adc-e.uk', dualStackSuffix: 'api.cloud-aws.adc-e.uk' },
  { regions: /^us-isof-/, suffix: 'csp.hci.ic.gov', dualStackSuffix: 'api.aws.hci.ic.gov' },
];
/** Also of GovCloud. */
const COMMERCIAL: Partition = { regions: /^/, suffix: 'amazonaws.com', dualStackSuffix: 'api.aws' };

function toPartition(region: string): Partition {
  return PARTITIONS.find(({ regions }) => regions.test(region)) ?? COMMERCIAL;
}

export interface EndpointAddress {
  readonly region: string;
  readonly endpoints?: EndpointSettings | undefined;
}

/** The URL of a bucket, without a slash at the end. @throws ConfigurationError */
export function toBucketUrl(bucket: string, { region, endpoints }: EndpointAddress): string {
  const custom = toCustomUrl('s3', endpoints);
  if (custom !== undefined) {
    const { protocol, host, hostname, pathname } = custom;
    const path = pathname === '/' ? '' : pathname.replace(/\/$/, '');
    // A certificate's wildcard covers no dot.
    const isHost = !isAddress(hostname) && (protocol === 'http:' || !bucket.includes('.'));
    return isHost ? `${protocol}//${bucket}.${host}${path}` : `${protocol}//${host}${path}/${bucket}`;
  }
  const { suffix } = toPartition(region);
  if (endpoints?.useFips === true && region.startsWith('cn-')) throw invalid('S3 has no FIPS endpoints in China');
  const service = `s3${endpoints?.useFips === true ? '-fips' : ''}${endpoints?.useDualStack === true ? '.dualstack' : ''}`;
  const host = `${service}.${region}.${suffix}`;
  return bucket.includes('.') ? `https://${host}/${bucket}` : `https://${bucket}.${host}`;
}

/** Where a queue is asked. A queue's own URL says it, unless the environment says otherwise. @throws ConfigurationError */
export function toQueueEndpoint(queueUrl: string, { region, endpoints }: EndpointAddress): URL {
  const custom = toCustomUrl('sqs', endpoints);
  if (custom !== undefined) return new URL(custom.href.replace(/\/?$/, '/'));
  if (endpoints === undefined || !(endpoints.useFips || endpoints.useDualStack)) return new URL('/', queueUrl);
  const { suffix, dualStackSuffix } = toPartition(region);
  // The endpoints of GovCloud are all validated, and have no name of their own for it.
  const isPlain = !endpoints.useFips || (region.startsWith('us-gov-') && !endpoints.useDualStack);
  return new URL(
    `https://sqs${isPlain ? '' : '-fips'}.${region}.${endpoints.useDualStack ? dualStackSuffix : suffix}/`,
  );
}

/** Where ECR is asked for what a registry of the region holds. @throws ConfigurationError */
export function toEcrEndpoint({ region, endpoints }: EndpointAddress): URL {
  const custom = toCustomUrl('ecr', endpoints);
  if (custom !== undefined) return new URL(custom.href.replace(/\/?$/, '/'));
  const { suffix, dualStackSuffix } = toPartition(region);
  const service = `ecr${endpoints?.useFips === true ? '-fips' : ''}.${region}`;
  return new URL(
    endpoints?.useDualStack === true ? `https://${service}.${dualStackSuffix}/` : `https://api.${service}.${suffix}/`,
  );
}

/** Where KMS is asked for a key of the region. @throws ConfigurationError */
export function toKmsEndpoint({ region, endpoints }: EndpointAddress): URL {
  const custom = toCustomUrl('kms', endpoints);
  if (custom !== undefined) return new URL(custom.href.replace(/\/?$/, '/'));
  const { suffix, dualStackSuffix } = toPartition(region);
  const service = `kms${endpoints?.useFips === true ? '-fips' : ''}.${region}`;
  return new URL(`https://${service}.${endpoints?.useDualStack === true ? dualStackSuffix : suffix}/`);
}

/** Where EventBridge is asked for the buses of the region. @throws ConfigurationError */
export function toEventsEndpoint({ region, endpoints }: EndpointAddress): URL {
  const custom = toCustomUrl('eventbridge', endpoints);
  if (custom !== undefined) return new URL(custom.href.replace(/\/?$/, '/'));
  const { suffix, dualStackSuffix } = toPartition(region);
  const isDual = endpoints?.useDualStack === true;
  // The endpoints of GovCloud are all validated, and have no name of their own for it.
  const isPlain = endpoints?.useFips !== true || region.startsWith('us-gov-');
  return new URL(`https://events${isPlain ? '' : '-fips'}.${region}.${isDual ? dualStackSuffix : suffix}/`);
}

/**
 * Where distributions are asked for, and the region that requests are signed for: CloudFront is one service for all regions
 * of a partition. @throws ConfigurationError, also in GovCloud, which has none
 */
export function toCloudFrontEndpoint({ region, endpoints }: EndpointAddress): {
  readonly url: URL;
  readonly region: string;
} {
  const partition = toPartition(region);
  const isCommercial = partition === COMMERCIAL;
  const isChina = region.startsWith('cn-');
  const signed = isCommercial ? 'us-east-1' : isChina ? 'cn-northwest-1' : region;
  const custom = toCustomUrl('cloudfront', endpoints);
  if (custom !== undefined) return { url: new URL(custom.href.replace(/\/?$/, '/')), region: signed };
  if (region.startsWith('us-gov-')) throw invalid(`there is no CloudFront in ${region}`);
  const service = `cloudfront${endpoints?.useFips === true ? '-fips' : ''}`;
  const host =
    endpoints?.useDualStack === true
      ? `${service}.${isCommercial ? 'global.' : ''}${partition.dualStackSuffix}`
      : `${service}.${isChina ? `${signed}.` : ''}${partition.suffix}`;
  return { url: new URL(`https://${host}/`), region: signed };
}

function toCustomUrl(service: LightService, endpoints: EndpointSettings | undefined): URL | undefined {
  const url = endpoints?.urls[service];
  if (endpoints === undefined || url === undefined) return undefined;
  const { useFips, useDualStack } = endpoints;
  if (useFips) throw invalid(`AWS_USE_FIPS_ENDPOINT and an endpoint URL of ${service} exclude each other`);
  if (useDualStack) throw invalid(`AWS_USE_DUALSTACK_ENDPOINT and an endpoint URL of ${service} exclude each other`);
  return new URL(url);
}

function isAddress(hostname: string): boolean {
  return hostname.startsWith('[') || /^\d{1,3}(?:\.\d{1,3}){3}$/.test(hostname);
}

function invalid(fault: string): ConfigurationError {
  return new ConfigurationError('DocumentInvalid', `environment: ${fault}`);
}
