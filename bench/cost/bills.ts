import type { Assumptions } from './assumptions.ts';
import type { MeasuredFunction } from './measured-functions.ts';

/** One line of a bill. */
export interface BillLine {
  readonly what: string;
  readonly quantity: number;
  readonly unit: string;
  readonly dollars: number;
}

export interface Bill {
  readonly title: string;
  readonly lines: readonly BillLine[];
}

export const MILLION = 1_000_000;
const GIGABYTE = 1e9;
const DAYS_PER_MONTH = 30;

/** Milliseconds that Lambda charges for one warm call, on average with its share of starts. */
export function billedMilliseconds(
  { warmMilliseconds, coldMilliseconds, memoryMegabytes }: MeasuredFunction,
  waits: number,
  { lambda }: Assumptions,
): number {
  // With less memory than a whole processor's, computing takes longer; waiting does not.
  const stretch = lambda.slowdown * Math.max(1, lambda.megabytesOfOneProcessor / memoryMegabytes);
  const warm = Math.ceil(warmMilliseconds * stretch + waits);
  // Lambda starts a process with a whole processor, whatever the memory.
  const start = coldMilliseconds * lambda.slowdown;
  return warm + lambda.coldShare * start;
}

/** So many calls of a function, each of which waits for so many milliseconds. */
export function billCalls(
  measured: MeasuredFunction,
  calls: number,
  waits: number,
  assumptions: Assumptions,
): readonly BillLine[] {
  const { prices, logBytes } = assumptions;
  const milliseconds = billedMilliseconds(measured, waits, assumptions);
  const gigabyteSeconds = (calls * milliseconds * measured.memoryMegabytes) / 1000 / 1024;
  const logged = (calls * logBytes) / GIGABYTE;
  return [
    line(`${measured.name}: calls`, calls, 'calls', (calls / MILLION) * prices.lambdaRequests.dollars),
    line(
      `${measured.name}: ${milliseconds.toFixed(1)} ms each at ${measured.memoryMegabytes} MB`,
      gigabyteSeconds,
      'GB-seconds',
      gigabyteSeconds * prices.lambdaGigabyteSecond.dollars,
    ),
    line(`${measured.name}: logs`, logged, 'GB', logged * prices.logGigabyte.dollars),
  ];
}

/** Verifications over the API, each of a release that the mirror holds. */
export function billVerifications(measured: MeasuredFunction, assumptions: Assumptions): Bill {
  const { verification, lambda, prices } = assumptions;
  const { count, gets, puts, rounds } = verification;
  const waits = rounds * lambda.requestMilliseconds;
  return {
    title: `${format(count)} verifications`,
    lines: [
      line('API requests', count, 'requests', (count / MILLION) * prices.httpApiRequests.dollars),
      ...billCalls(measured, count, waits, assumptions),
      line('S3 reads', count * gets, 'GETs', ((count * gets) / 1000) * prices.s3Gets.dollars),
      line('S3 writes', count * puts, 'PUTs', ((count * puts) / 1000) * prices.s3Puts.dollars),
    ],
  };
}

/** Signatures read through the CDN, which reads S3 itself: no function is called. */
export function billReads({ reads, prices }: Assumptions): Bill {
  const { count, missShare, bytes } = reads;
  const gigabytes = (count * bytes) / GIGABYTE;
  const misses = count * missShare;
  return {
    title: `${format(count)} signature reads through the CDN`,
    lines: [
      line('CDN requests', count, 'requests', (count / 10_000) * prices.cdnRequests.dollars),
      line('CDN traffic', gigabytes, 'GB', gigabytes * prices.cdnGigabyte.dollars),
      line('S3 reads, where the CDN has it not', misses, 'GETs', (misses / 1000) * prices.s3Gets.dollars),
    ],
  };
}

/** A month of the mirror: plans, new digests and what is stored. */
export function billMirror(planned: MeasuredFunction, mirrored: MeasuredFunction, assumptions: Assumptions): Bill {
  const { mirror, lambda, prices } = assumptions;
  const plans = mirror.plansPerDay * DAYS_PER_MONTH;
  const pages = plans * Math.ceil(mirror.releases / mirror.listed);
  const planWaits = Math.ceil(mirror.releases / mirror.listed) * lambda.requestMilliseconds + mirror.storeMilliseconds;
  const stored = (mirror.releases * mirror.bytesPerSignature) / GIGABYTE;
  // Sent, received and deleted.
  const messages = 3 * mirror.newReleases;
  return {
    title: `a month of the mirror: ${format(mirror.releases)} releases, ${format(mirror.newReleases)} of them new`,
    lines: [
      ...billCalls(planned, plans, planWaits, assumptions),
      line('S3 listings', pages, 'LISTs', (pages / 1000) * prices.s3Puts.dollars),
      line('queue', messages, 'requests', (messages / MILLION) * prices.sqsRequests.dollars),
      ...billCalls(mirrored, mirror.newReleases, mirror.storeMilliseconds, assumptions),
      line('S3 writes', mirror.newReleases, 'PUTs', (mirror.newReleases / 1000) * prices.s3Puts.dollars),
      line('S3 storage', stored, 'GB and month', stored * prices.s3GigabyteMonth.dollars),
    ],
  };
}

/** What a stage costs in a month by being watched, whoever calls it. */
export function billWatching({ watching, prices }: Assumptions): Bill {
  const { alarmMetrics, ownMetrics, routes, metricsPerRoute, usedShare } = watching;
  const own = ownMetrics * usedShare;
  const ofRoutes = routes * metricsPerRoute * usedShare;
  return {
    title: 'a month of watching one stage',
    lines: [
      line('alarms', alarmMetrics, 'metrics', alarmMetrics * prices.alarmMetrics.dollars),
      line('metrics of the functions', own, 'metrics', own * prices.customMetrics.dollars),
      line('metrics of the routes', ofRoutes, 'metrics', ofRoutes * prices.customMetrics.dollars),
      line('dashboard', 1, 'dashboards', prices.dashboards.dollars),
    ],
  };
}

export function totalOf({ lines }: Bill): number {
  return lines.reduce((sum, { dollars }) => sum + dollars, 0);
}

export function line(what: string, quantity: number, unit: string, dollars: number): BillLine {
  return { what, quantity, unit, dollars };
}

function format(count: number): string {
  return count.toLocaleString('en');
}
