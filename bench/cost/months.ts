import type { Assumptions } from './assumptions.ts';
import { type Bill, billCalls, billedMilliseconds, line, MILLION, totalOf } from './bills.ts';
import type { MeasuredFunction } from './measured-functions.ts';

/** How much is asked of one stage. */
export interface Size {
  readonly pushesPerDay: number;
  readonly clusters: number;
}

/** What was measured of the functions that pushes and clusters call. */
export interface CalledFunctions {
  readonly receivePush: MeasuredFunction;
  readonly verifyPushed: MeasuredFunction;
  readonly verifyImage: MeasuredFunction;
  readonly reviewAdmission: MeasuredFunction;
}

/** A limit of AWS, or a default of the template, and how much of it the busiest second takes. */
export interface Quota {
  readonly name: string;
  readonly limit: number;
  readonly source: string;
  /** What to do where it is reached. */
  readonly remedy: string;
  readonly use: (size: Size) => number;
}

const DAYS = 30;
const SECONDS_PER_DAY = 86_400;
const GIGABYTE = 1e9;

/** A month of pushes and of clusters, without what watching and mirroring cost whatever the size. */
function billMonth(size: Size, functions: CalledFunctions, assumptions: Assumptions): Bill {
  const { months, prices, lambda, reads } = assumptions;
  const pushes = size.pushesPerDay * DAYS;
  const perCluster = size.clusters * DAYS;
  const [verifies, reviews, signatures] = [
    perCluster * months.verifiesPerDay,
    perCluster * months.reviewsPerDay,
    perCluster * months.readsPerDay,
  ];
  const api = pushes + verifies + reviews;
  const puts = pushes * months.putsPerPush + verifies * months.putsPerAnswer + reviews * months.putsPerAnswer;
  const gets = (pushes + verifies + reviews) * months.getsPerAnswer + signatures * reads.missShare;
  // Sent, received and deleted.
  const messages = 3 * pushes;
  const gigabytes = (signatures * reads.bytes) / GIGABYTE;
  const waits = months.roundsPerAnswer * lambda.requestMilliseconds;
  return {
    title: 'a month',
    lines: [
      line('API requests', api, 'requests', (api / MILLION) * prices.httpApiRequests.dollars),
      ...billCalls(functions.receivePush, pushes, lambda.requestMilliseconds, assumptions),
      ...billCalls(functions.verifyPushed, pushes, months.pushMilliseconds, assumptions),
      ...billCalls(functions.verifyImage, verifies, waits, assumptions),
      ...billCalls(functions.reviewAdmission, reviews, waits, assumptions),
      line('queue', messages, 'requests', (messages / MILLION) * prices.sqsRequests.dollars),
      line('S3 reads', gets, 'GETs', (gets / 1000) * prices.s3Gets.dollars),
      line('S3 writes', puts, 'PUTs', (puts / 1000) * prices.s3Puts.dollars),
      line('CDN requests', signatures, 'requests', (signatures / 10_000) * prices.cdnRequests.dollars),
      line('CDN traffic', gigabytes, 'GB', gigabytes * prices.cdnGigabyte.dollars),
    ],
  };
}

export function dollarsOfMonth(size: Size, functions: CalledFunctions, assumptions: Assumptions): number {
  return totalOf(billMonth(size, functions, assumptions));
}

/** The quotas that pushes and clusters draw on. */
export function listQuotas(functions: CalledFunctions, assumptions: Assumptions): readonly Quota[] {
  const { months, lambda, quotas } = assumptions;
  const perSecond = (perDay: number): number => (perDay * months.peak) / SECONDS_PER_DAY;
  const pushes = ({ pushesPerDay }: Size): number => perSecond(pushesPerDay);
  const answers = ({ clusters }: Size): number => perSecond(clusters * (months.verifiesPerDay + months.reviewsPerDay));
  const misses = ({ clusters }: Size): number => perSecond(clusters * months.readsPerDay) * assumptions.reads.missShare;
  const seconds = (measured: MeasuredFunction, waits: number): number =>
    billedMilliseconds(measured, waits, assumptions) / 1000;
  const waits = months.roundsPerAnswer * lambda.requestMilliseconds;
  const verifying = seconds(functions.verifyPushed, months.pushMilliseconds);
  const answering = Math.max(seconds(functions.verifyImage, waits), seconds(functions.reviewAdmission, waits));
  const receiving = seconds(functions.receivePush, lambda.requestMilliseconds);
  // One invocation verifies the messages of its batch at the same time.
  const consumers = (size: Size): number => (pushes(size) * verifying) / months.pushesPerInvocation;
  // With as many consumers as the pushes take: fewer leave them in the queue.
  const executions = (size: Size): number => pushes(size) * receiving + answers(size) * answering + consumers(size);
  return [
    { name: 'invocations of verify-pushed at a time', ...quotas.consumers, use: consumers },
    { name: 'executions at a time, of a new account', ...quotas.newExecutions, use: executions },
    { name: 'executions at a time, of most accounts', ...quotas.executions, use: executions },
    { name: 'requests a second to the API', ...quotas.apiRequests, use: (size) => pushes(size) + answers(size) },
    {
      name: 'writes a second below one prefix of the bucket',
      ...quotas.prefixWrites,
      use: (size) => pushes(size) * months.putsPerPush + answers(size) * months.putsPerAnswer,
    },
    {
      name: 'reads a second below one prefix of the bucket',
      ...quotas.prefixReads,
      use: (size) => (pushes(size) + answers(size)) * months.getsPerAnswer + misses(size),
    },
    {
      name: 'messages of the push queue that are being verified',
      ...quotas.messagesInFlight,
      use: (size) => consumers(size) * months.pushesPerInvocation,
    },
    { name: 'events a second on the bus', ...quotas.events, use: pushes },
    {
      name: 'requests a second to the CDN',
      ...quotas.cdnRequests,
      use: ({ clusters }) => perSecond(clusters * months.readsPerDay),
    },
  ];
}

/** How often a day's pushes alone, or how many clusters alone, take all of a quota; undefined where they take nothing. */
export function reachedAt({ limit, use }: Quota): { readonly pushesPerDay?: number; readonly clusters?: number } {
  const byPush = use({ pushesPerDay: 1, clusters: 0 });
  const byCluster = use({ pushesPerDay: 0, clusters: 1 });
  return {
    ...(byPush > 0 ? { pushesPerDay: limit / byPush } : {}),
    ...(byCluster > 0 ? { clusters: limit / byCluster } : {}),
  };
}
