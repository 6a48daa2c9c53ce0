/** A list price in US dollars. */
export interface Price {
  readonly dollars: number;
  /** What that buys. */
  readonly per: string;
  readonly source: string;
}

/** Everything that `docs/cost.md` takes for given: change it here, and run `npm run bench:cost` again. */
export interface Assumptions {
  readonly region: string;
  /** When the prices were written down. */
  readonly pricesAsOf: string;
  readonly prices: Readonly<Record<PriceName, Price>>;
  readonly lambda: {
    /** Of memory, in MB: gives a whole processor. With less memory a function computes that much longer. */
    readonly megabytesOfOneProcessor: number;
    /** How much longer the same work takes on Lambda's processor than on the machine that was measured. */
    readonly slowdown: number;
    /** Of all calls, those that start a process; Lambda charges for the start. */
    readonly coldShare: number;
    /** One request to S3 or SQS from a function, in milliseconds. */
    readonly requestMilliseconds: number;
  };
  /** What functions log of one call. */
  readonly logBytes: number;
  readonly verification: {
    readonly count: number;
    /** Of S3, for each: the signature, the missing second one, and the record that is already there. */
    readonly gets: number;
    /** The record and its pointer. */
    readonly puts: number;
    /** Requests that wait for one before them. */
    readonly rounds: number;
  };
  readonly reads: {
    readonly count: number;
    /** Of all reads, those that the CDN does not have and asks S3 for. */
    readonly missShare: number;
    /** Of one signature, with the answer's headers. */
    readonly bytes: number;
  };
  readonly mirror: {
    /** Releases that the graphs name. */
    readonly releases: number;
    /** Of them, new in a month. */
    readonly newReleases: number;
    readonly plansPerDay: number;
    /** Objects that one listing request names. */
    readonly listed: number;
    /** Stored for each signature: its object and its share of records. */
    readonly bytesPerSignature: number;
    /** Milliseconds that mirroring one digest waits for the publisher's stores. */
    readonly storeMilliseconds: number;
  };
  readonly months: {
    /** Of each cluster, through the CDN: its operator looks for the signatures of what it may update to. */
    readonly readsPerDay: number;
    /** Of each cluster: pipelines and people. */
    readonly verifiesPerDay: number;
    /** Of each cluster: changes of objects that name a release. */
    readonly reviewsPerDay: number;
    /** How many times the average of a day comes in its busiest second. */
    readonly peak: number;
    /** Milliseconds that verifying one push waits for its registry, the stores and S3. */
    readonly pushMilliseconds: number;
    /** Messages that one invocation of verify-pushed works on at a time where many wait. */
    readonly pushesPerInvocation: number;
    /** The record of a push, its pointers and its last verdict. */
    readonly putsPerPush: number;
    /** Of an answer whose record is there already: who asked, and that the image is in use. */
    readonly putsPerAnswer: number;
    readonly getsPerAnswer: number;
    readonly roundsPerAnswer: number;
  };
  readonly quotas: Readonly<Record<QuotaName, QuotaOfAws>>;
  readonly watching: {
    /** Metrics that alarms look at, one for each metric of an expression too. */
    readonly alarmMetrics: number;
    /** Of the functions' own, one for each function that counts it. */
    readonly ownMetrics: number;
    /** Routes of the API, each with metrics of its own. */
    readonly routes: number;
    readonly metricsPerRoute: number;
    /** Metrics that had a value in a month, of all: a metric is charged for by the hours in which it has one. */
    readonly usedShare: number;
  };
}

interface QuotaOfAws {
  readonly limit: number;
  readonly source: string;
  readonly remedy: string;
}

type QuotaName =
  | 'consumers'
  | 'newExecutions'
  | 'executions'
  | 'apiRequests'
  | 'prefixWrites'
  | 'prefixReads'
  | 'messagesInFlight'
  | 'events'
  | 'cdnRequests';

export type PriceName =
  | 'alarmMetrics'
  | 'customMetrics'
  | 'dashboards'
  | 'lambdaGigabyteSecond'
  | 'lambdaRequests'
  | 'httpApiRequests'
  | 's3Gets'
  | 's3Puts'
  | 's3GigabyteMonth'
  | 'sqsRequests'
  | 'cdnRequests'
  | 'cdnGigabyte'
  | 'logGigabyte';

const S3 = 'https://aws.amazon.com/s3/pricing/';
const LAMBDA = 'https://aws.amazon.com/lambda/pricing/';
const CLOUDWATCH = 'https://aws.amazon.com/cloudwatch/pricing/';
const LAMBDA_QUOTAS = 'https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html';
const CDN = 'https://aws.amazon.com/cloudfront/pricing/';

export const ASSUMPTIONS: Assumptions = {
  region: 'us-east-1',
  pricesAsOf: '2026-11-22',
  prices: {
    lambdaGigabyteSecond: { dollars: 0.0000133334, per: 'GB-second, arm64', source: LAMBDA },
    lambdaRequests: { dollars: 0.2, per: 'million calls', source: LAMBDA },
    httpApiRequests: { dollars: 1, per: 'million requests', source: 'https://aws.amazon.com/api-gateway/pricing/' },
    s3Gets: { dollars: 0.0004, per: 'thousand GETs', source: S3 },
    s3Puts: { dollars: 0.005, per: 'thousand PUTs or LISTs', source: S3 },
    s3GigabyteMonth: { dollars: 0.023, per: 'GB and month', source: S3 },
    sqsRequests: { dollars: 0.4, per: 'million requests', source: 'https://aws.amazon.com/sqs/pricing/' },
    cdnRequests: { dollars: 0.01, per: 'ten thousand HTTPS requests', source: CDN },
    cdnGigabyte: { dollars: 0.085, per: 'GB to the internet', source: CDN },
    logGigabyte: { dollars: 0.5, per: 'GB taken in', source: CLOUDWATCH },
    alarmMetrics: { dollars: 0.1, per: 'month of an alarm’s metric', source: CLOUDWATCH },
    customMetrics: { dollars: 0.3, per: 'month of a metric', source: CLOUDWATCH },
    dashboards: { dollars: 3, per: 'month of a dashboard', source: CLOUDWATCH },
  },
  lambda: { megabytesOfOneProcessor: 1769, slowdown: 1.5, coldShare: 0.01, requestMilliseconds: 20 },
  logBytes: 1500,
  verification: { count: 1_000_000, gets: 3, puts: 8, rounds: 7 },
  reads: { count: 10_000_000, missShare: 0.05, bytes: 1500 },
  mirror: {
    releases: 3000,
    newReleases: 60,
    plansPerDay: 24,
    listed: 1000,
    bytesPerSignature: 4096,
    storeMilliseconds: 400,
  },
  months: {
    readsPerDay: 100,
    verifiesPerDay: 2,
    reviewsPerDay: 4,
    peak: 20,
    pushMilliseconds: 1000,
    pushesPerInvocation: 10,
    putsPerPush: 9,
    putsPerAnswer: 2,
    getsPerAnswer: 5,
    roundsPerAnswer: 4,
  },
  quotas: {
    consumers: {
      limit: 2,
      source: 'infra/parameters.yml',
      remedy: 'raise `pushConcurrency`, and `accountConcurrency` with it; until then pushes wait in the queue',
    },
    newExecutions: {
      limit: 10,
      source: LAMBDA_QUOTAS,
      remedy: 'ask Service Quotas for more concurrent executions, then raise `accountConcurrency`',
    },
    executions: {
      limit: 1000,
      source: LAMBDA_QUOTAS,
      remedy: 'ask Service Quotas for more; keep some for admission by `admissionReserved`',
    },
    apiRequests: {
      limit: 10_000,
      source: 'https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html',
      remedy:
        'ask Service Quotas for a higher throttle of API Gateway; some regions begin at 2,500. A burst of half as many is on top, and nobody can raise it',
    },
    prefixWrites: {
      limit: 3500,
      source: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html',
      remedy: 'nothing to ask for: S3 divides a prefix by itself under load, and answers 503 meanwhile',
    },
    prefixReads: {
      limit: 5500,
      source: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html',
      remedy: 'nothing to ask for: S3 divides a prefix by itself under load, which takes up to an hour',
    },
    messagesInFlight: {
      limit: 120_000,
      source: 'https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html',
      remedy: 'ask Service Quotas for more; what a queue may hold, and take in a second, has no limit',
    },
    events: {
      limit: 10_000,
      source: 'https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html',
      remedy: 'ask Service Quotas for more PutEvents; small regions begin far lower',
    },
    cdnRequests: {
      limit: 250_000,
      source: 'https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html',
      remedy: 'ask Service Quotas for more requests of a distribution',
    },
  },
  watching: { alarmMetrics: 65, ownMetrics: 61, routes: 37, metricsPerRoute: 6, usedShare: 1 },
};
