import { BatchGetImageCommand, ECRClient } from '@aws-sdk/client-ecr';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  readEndpoints,
  toCloudFrontEndpoint,
  toEcrEndpoint,
  toEventsEndpoint,
  toQueueEndpoint,
} from '../../../lib/platform/aws/endpoints.ts';
import { readAwsSettings } from '../../../lib/platform/lambda/environment.ts';
import { toObjectUrl } from '../../../lib/platform/objects/s3/s3-location.ts';
import { createSqsClient } from '../../../lib/platform/queues/sqs-client.ts';

const KEYS = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'hush' };
const NAMES = [
  'AWS_ENDPOINT_URL',
  'AWS_ENDPOINT_URL_CLOUDFRONT',
  'AWS_ENDPOINT_URL_ECR',
  'AWS_ENDPOINT_URL_EVENTBRIDGE',
  'AWS_ENDPOINT_URL_S3',
  'AWS_ENDPOINT_URL_SQS',
  'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS',
  'AWS_USE_FIPS_ENDPOINT',
  'AWS_USE_DUALSTACK_ENDPOINT',
] as const;
type Given = Readonly<Partial<Record<(typeof NAMES)[number], string>>>;

afterEach(() => {
  vi.unstubAllEnvs();
});

function setEnvironment(region: string, given: Given): void {
  for (const name of NAMES) vi.stubEnv(name, given[name]);
  for (const [name, value] of Object.entries({ ...KEYS, AWS_REGION: region })) vi.stubEnv(name, value);
}

/** Where a client of the SDK would send a request: the middleware ends it before it is sent. */
interface Sender {
  readonly middlewareStack: {
    readonly add: (
      middleware: () => (args: { request: unknown }) => Promise<never>,
      options: { step: 'finalizeRequest'; priority: 'low' },
    ) => void;
  };
}
class Stopped extends Error {
  readonly request: {
    readonly protocol: string;
    readonly hostname: string;
    readonly port?: number;
    readonly path: string;
  };

  constructor(request: unknown) {
    super('stopped');
    this.request = request as Stopped['request'];
  }
}
async function findUrl(client: Sender, send: () => Promise<unknown>): Promise<string> {
  client.middlewareStack.add(
    () =>
      ({ request }) =>
        Promise.reject(new Stopped(request)),
    { step: 'finalizeRequest', priority: 'low' },
  );
  try {
    await send();
  } catch (error) {
    if (!(error instanceof Stopped)) return 'refused';
    const { protocol, hostname, port, path } = error.request;
    return `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`;
  }
  throw new Error('the request was sent');
}

function orRefused(find: () => URL): string {
  try {
    return find().href;
  } catch (error) {
    expect(error).toMatchObject({ name: 'ConfigurationError', code: 'DocumentInvalid' });
    return 'refused';
  }
}

const REGIONS = [
  'us-east-1',
  'eu-central-1',
  'mx-central-1',
  'cn-north-1',
  'us-gov-west-1',
  'eusc-de-east-1',
  'us-iso-east-1',
  'us-isob-east-1',
  'eu-isoe-west-1',
  'us-isof-south-1',
];
const FLAGS: readonly Given[] = [
  {},
  { AWS_USE_FIPS_ENDPOINT: 'true' },
  { AWS_USE_DUALSTACK_ENDPOINT: 'true' },
  { AWS_USE_FIPS_ENDPOINT: 'true', AWS_USE_DUALSTACK_ENDPOINT: 'true' },
  { AWS_USE_FIPS_ENDPOINT: 'false', AWS_USE_DUALSTACK_ENDPOINT: '' },
];
const URLS: readonly Given[] = [
  { AWS_ENDPOINT_URL: 'https://aws.example.com' },
  { AWS_ENDPOINT_URL: 'https://aws.example.com:4566/' },
  { AWS_ENDPOINT_URL: 'https://127.0.0.1:4566' },
  { AWS_ENDPOINT_URL: 'https://[::1]:4566' },
  { AWS_ENDPOINT_URL: 'https://aws.example.com/base' },
  {
    AWS_ENDPOINT_URL: 'http://all.example.com',
    AWS_ENDPOINT_URL_CLOUDFRONT: 'https://cdn.example.com',
    AWS_ENDPOINT_URL_ECR: 'https://ecr.example.com',
    AWS_ENDPOINT_URL_EVENTBRIDGE: 'https://events.example.com',
    AWS_ENDPOINT_URL_S3: 'https://s3.example.com',
    AWS_ENDPOINT_URL_SQS: 'https://sqs.example.com',
  },
  { AWS_ENDPOINT_URL: 'https://aws.example.com', AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' },
  { AWS_ENDPOINT_URL: 'https://aws.example.com', AWS_USE_FIPS_ENDPOINT: 'true' },
  { AWS_ENDPOINT_URL: 'https://aws.example.com', AWS_USE_DUALSTACK_ENDPOINT: 'true' },
];
const CASES = [
  ...REGIONS.flatMap((region) => FLAGS.map((given) => [region, given] as const)),
  ...URLS.map((given) => ['eu-central-1', given] as const),
];

describe('requests go where the AWS SDK sends them', () => {
  test.each(CASES)('S3 in %s with %j', async (region, given) => {
    setEnvironment(region, given);
    for (const bucket of ['signet-prod-111122223333', 'with.dots', 'abc']) {
      const client = new S3Client({});
      const expected = await findUrl(client, () =>
        client.send(new GetObjectCommand({ Bucket: bucket, Key: 'a=b/c d' })),
      );
      const found = orRefused(() => toObjectUrl({ bucket, ...readAwsSettings(process.env) }, 'a=b/c d'));
      expect(found).toBe(expected.replace(/\?x-id=GetObject$/, ''));
    }
  });

  test.each(CASES)('SQS in %s with %j', async (region, given) => {
    setEnvironment(region, given);
    const { suffix } = { suffix: region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com' };
    // The endpoint of the service is meant, and not the host of a queue's URL, which comes first in the SDK's client.
    const client = new SQSClient({ useQueueUrlAsEndpoint: false });
    const queueUrl = `https://sqs.${region}.${suffix}/111122223333/signet`;
    const command = new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: [{ Id: '0', MessageBody: 'x' }] });
    const expected = await findUrl(client, () => client.send(command));
    const isPlain =
      Object.values(given).every((value) => value !== 'true' && !value.startsWith('http')) ||
      given.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS === 'true';
    const found = orRefused(() => toQueueEndpoint(queueUrl, readAwsSettings(process.env)));
    expect(found).toBe(isPlain ? new URL('/', queueUrl).href : expected);
    if (isPlain || expected === 'refused') return;
    const own = createSqsClient({ endpoints: readEndpoints(process.env) });
    expect(await findUrl(own, () => own.send(command))).toBe(expected);
  });

  test.each(CASES)('ECR in %s with %j', async (region, given) => {
    setEnvironment(region, given);
    const client = new ECRClient({});
    const command = new BatchGetImageCommand({ repositoryName: 'a', imageIds: [{ imageTag: '1' }] });
    const expected = await findUrl(client, () => client.send(command));
    expect(orRefused(() => toEcrEndpoint(readAwsSettings(process.env)))).toBe(expected);
  });

  test.each(CASES)('EventBridge in %s with %j', async (region, given) => {
    setEnvironment(region, given);
    const client = new EventBridgeClient({});
    const command = new PutEventsCommand({ Entries: [] });
    const expected = await findUrl(client, () => client.send(command));
    expect(orRefused(() => toEventsEndpoint(readAwsSettings(process.env)))).toBe(expected);
  });

  test('a queue of another place is asked where its URL says', () => {
    const queueUrl = 'https://localhost:4566/000000000000/signet';
    expect(toQueueEndpoint(queueUrl, { region: 'eu-central-1', endpoints: readEndpoints({}) }).href).toBe(
      'https://localhost:4566/',
    );
  });
});

/** What its client 3.1162.0 gives without flags, with FIPS, with dual stack and with both; the region is the signature's. */
const CLOUDFRONT: readonly (readonly [region: string, signed: string, hosts: readonly string[]])[] = [
  ...['us-east-1', 'eu-central-1', 'mx-central-1'].map((region) => {
    const hosts = ['amazonaws.com', 'amazonaws.com', 'global.api.aws', 'global.api.aws'];
    return [region, 'us-east-1', hosts] as const;
  }),
  [
    'cn-north-1',
    'cn-northwest-1',
    [
      'cn-northwest-1.amazonaws.com.cn',
      'cn-northwest-1.amazonaws.com.cn',
      'api.amazonwebservices.com.cn',
      'api.amazonwebservices.com.cn',
    ],
  ],
  [
    'eusc-de-east-1',
    'eusc-de-east-1',
    ['amazonaws.eu', 'amazonaws.eu', 'api.amazonwebservices.eu', 'api.amazonwebservices.eu'],
  ],
  ['us-iso-east-1', 'us-iso-east-1', ['c2s.ic.gov', 'c2s.ic.gov', 'api.aws.ic.gov', 'api.aws.ic.gov']],
];

describe('CloudFront, which has no regions', () => {
  test.each(CLOUDFRONT)('for %s is signed for %s', (region, signed, hosts) => {
    const found = FLAGS.slice(0, hosts.length).map((given) => {
      setEnvironment(region, given);
      return toCloudFrontEndpoint(readAwsSettings(process.env));
    });
    const names = ['cloudfront', 'cloudfront-fips', 'cloudfront', 'cloudfront-fips'];
    expect(found.map(({ url }) => url.href)).toEqual(hosts.map((host, index) => `https://${names[index]}.${host}/`));
    expect(found.map((one) => one.region)).toEqual(hosts.map(() => signed));
  });

  test.each<[Given, string]>([
    [{ AWS_ENDPOINT_URL: 'http://aws.example.com:4566/base' }, 'http://aws.example.com:4566/base/'],
    [
      { AWS_ENDPOINT_URL: 'http://aws.example.com', AWS_ENDPOINT_URL_CLOUDFRONT: 'http://cdn.example.com' },
      'http://cdn.example.com/',
    ],
    [{ AWS_ENDPOINT_URL_CLOUDFRONT: 'http://cdn.example.com', AWS_USE_FIPS_ENDPOINT: 'true' }, 'refused'],
  ])('with %j is asked at %s', (given, expected) => {
    setEnvironment('eu-central-1', given);
    expect(orRefused(() => toCloudFrontEndpoint(readAwsSettings(process.env)).url)).toBe(expected);
  });

  test('is none in GovCloud', () => {
    expect(() => toCloudFrontEndpoint({ region: 'us-gov-west-1' })).toThrow('there is no CloudFront in us-gov-west-1');
  });
});

describe('a variable that cannot be', () => {
  test.each([
    ['AWS_USE_FIPS_ENDPOINT', 'yes', 'AWS_USE_FIPS_ENDPOINT is neither true nor false'],
    ['AWS_USE_DUALSTACK_ENDPOINT', '1', 'AWS_USE_DUALSTACK_ENDPOINT is neither true nor false'],
    ['AWS_ENDPOINT_URL', 'aws.example.com', 'AWS_ENDPOINT_URL is not a URL of http or https'],
    ['AWS_ENDPOINT_URL_S3', 'ftp://aws.example.com', 'AWS_ENDPOINT_URL_S3 is not a URL of http or https'],
  ])('%s=%s is named', (name, value, message) => {
    expect(() => readEndpoints({ [name]: value })).toThrow(message);
  });
});
