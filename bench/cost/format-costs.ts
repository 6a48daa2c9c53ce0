import type { Report } from '../report.ts';
import { describeRun } from '../results-file.ts';
import type { Assumptions } from './assumptions.ts';
import { type Bill, totalOf } from './bills.ts';
import type { MeasuredFunction } from './measured-functions.ts';
import { type CalledFunctions, dollarsOfMonth, listQuotas, type Quota, reachedAt, type Size } from './months.ts';

/** `docs/cost.md`, whole. */
export function formatCosts(
  report: Report,
  functions: readonly MeasuredFunction[],
  bills: readonly Bill[],
  called: CalledFunctions,
  assumptions: Assumptions,
): string {
  return `${[
    '# What Signet costs on AWS',
    '',
    '<!-- Written by bench/cost.ts: change bench/cost/assumptions.ts or measure again, and run it. -->',
    '',
    `Computed from measured durations and memory and from list prices in ${assumptions.region}, without free tiers, discounts and taxes. What is not measured is assumed, and every assumption is an input in \`bench/cost/assumptions.ts\`.`,
    '',
    '```sh',
    'npm run --silent bench -- -o json > bench/results/latest.json',
    'node bench/cost.ts',
    '```',
    '',
    describeRun(report),
    '',
    ...tableOf(
      ['what', 'dollars'],
      bills.map((bill) => [bill.title, totalOf(bill).toFixed(2)]),
    ),
    '',
    ...bills.flatMap(formatBill),
    ...formatMonths(called, assumptions),
    ...formatQuotas(listQuotas(called, assumptions), assumptions),
    '## What was measured',
    '',
    'Each built bundle over a folder of objects, so without network: [performance.md](performance.md) says how. Memory is what the deployment gives the function; used is what its process held.',
    '',
    ...tableOf(
      ['function', 'warm call, processor ms', 'cold start ms', 'used MB', 'memory MB'],
      functions.map(({ name, warmMilliseconds, coldMilliseconds, usedMegabytes, memoryMegabytes }) => [
        name,
        warmMilliseconds.toFixed(2),
        coldMilliseconds.toFixed(0),
        usedMegabytes.toFixed(0),
        String(memoryMegabytes),
      ]),
    ),
    '',
    ...formatAssumptions(assumptions),
  ].join('\n')}\n`;
}

function formatBill(bill: Bill): readonly string[] {
  const rows = bill.lines.map(({ what, quantity, unit, dollars }) => [
    what,
    `${formatQuantity(quantity)} ${unit}`,
    dollars.toFixed(4),
  ]);
  const title = `${bill.title.slice(0, 1).toUpperCase()}${bill.title.slice(1)}`;
  return [
    `## ${title}`,
    '',
    ...tableOf(['what', 'how much', 'dollars'], rows),
    '',
    `Total: ${totalOf(bill).toFixed(2)} dollars.`,
    '',
  ];
}

const PUSHES = [10, 1000, 100_000];
const CLUSTERS = [10, 100, 1000, 10_000];

function formatMonths(called: CalledFunctions, assumptions: Assumptions): readonly string[] {
  const dollars = (pushesPerDay: number, clusters: number): string =>
    dollarsOfMonth({ pushesPerDay, clusters }, called, assumptions).toFixed(2);
  return [
    '## Months by size',
    '',
    'Simulated, in dollars a month: pushes that get a verdict, and what clusters read and ask. Watching and the mirror are beside it, whatever the size.',
    '',
    ...tableOf(
      ['pushes a day', ...CLUSTERS.map((count) => `${format(count)} clusters`)],
      PUSHES.map((pushes) => [format(pushes), ...CLUSTERS.map((clusters) => dollars(pushes, clusters))]),
    ),
    '',
  ];
}

const SIZES: readonly Size[] = [
  { pushesPerDay: 10, clusters: 10 },
  { pushesPerDay: 1000, clusters: 1000 },
  { pushesPerDay: 100_000, clusters: 10_000 },
];

/** What is reached first comes first. */
function formatQuotas(quotas: readonly Quota[], { months }: Assumptions): readonly string[] {
  const [, , largest] = SIZES;
  const share = ({ limit, use }: Quota): number => (largest === undefined ? 0 : use(largest) / limit);
  const sorted = quotas.toSorted((one, other) => share(other) - share(one));
  return [
    '## Which quota is reached first, and what to raise',
    '',
    `How much the busiest second takes, which is ${months.peak} times the average one, and how many pushes a day or how many clusters alone take all of it. What is reached first at the largest size comes first.`,
    '',
    ...tableOf(
      ['quota', 'default', ...SIZES.map(describeSize), 'all of it takes'],
      sorted.map((quota) => [
        quota.name,
        format(quota.limit),
        ...SIZES.map((size) => formatUse(quota, size)),
        describeReached(quota),
      ]),
    ),
    '',
    ...sorted.map(({ name, source, remedy }) => {
      return `- [${name}](${source.startsWith('https:') ? source : `../${source}`}): ${remedy}.`;
    }),
    '',
  ];
}

function describeSize({ pushesPerDay, clusters }: Size): string {
  return `${format(pushesPerDay)} pushes, ${format(clusters)} clusters`;
}

function formatUse({ limit, use }: Quota, size: Size): string {
  const used = formatQuantity(use(size));
  return use(size) >= limit ? `**${used}**` : used;
}

function describeReached(quota: Quota): string {
  const { pushesPerDay, clusters } = reachedAt(quota);
  const parts = [
    ...(pushesPerDay === undefined ? [] : [`${formatQuantity(pushesPerDay)} pushes a day`]),
    ...(clusters === undefined ? [] : [`${formatQuantity(clusters)} clusters`]),
  ];
  return parts.join(' or ');
}

function format(count: number): string {
  return count.toLocaleString('en');
}

function formatAssumptions({ watching, ...assumptions }: Assumptions) {
  const { lambda, logBytes, verification, reads, mirror, months, prices, pricesAsOf } = assumptions;
  return [
    '## What is assumed',
    '',
    `- Lambda gives a whole processor at ${lambda.megabytesOfOneProcessor} MB and its share with less. The same work takes ${lambda.slowdown} times as long there as on the machine that was measured.`,
    `- ${lambda.coldShare * 100} % of the calls start a process, and the start is charged for. A request to S3 or SQS takes ${lambda.requestMilliseconds} ms, one after the other.`,
    `- A call logs ${logBytes} bytes.`,
    `- A verification reads ${verification.gets} objects and writes ${verification.puts}, in ${verification.rounds} rounds: every one is of another release, so no record is there yet.`,
    `- The CDN asks S3 for ${reads.missShare * 100} % of the reads; an answer has ${reads.bytes} bytes.`,
    `- The graphs name ${mirror.releases} releases, ${mirror.newReleases} new ones in a month, and are planned ${mirror.plansPerDay} times a day. A listing names ${mirror.listed} objects; a signature takes ${mirror.bytesPerSignature} bytes with its records; the publisher’s stores and graphs answer within ${mirror.storeMilliseconds} ms.`,
    `- A cluster reads ${months.readsPerDay} signatures a day through the CDN, and asks for ${months.verifiesPerDay} verifications and ${months.reviewsPerDay} reviews of admission. Such an answer finds its record: it reads ${months.getsPerAnswer} objects and writes ${months.putsPerAnswer}, in ${months.roundsPerAnswer} rounds.`,
    `- A push waits ${months.pushMilliseconds} ms for its registry, the stores and S3, and writes ${months.putsPerPush} objects. Where many wait, one invocation verifies ${months.pushesPerInvocation} at a time.`,
    `- Every one of ${watching.ownMetrics} metrics of the functions, and ${watching.metricsPerRoute} of each of ${watching.routes} routes, has a value all month; those that nobody causes cost nothing.`,
    '- Not counted: X-Ray, the event bus, object versions, and traffic within the region.',
    '',
    `## Prices, written down on ${pricesAsOf}`,
    '',
    'List prices as they are published; compare them with their source before you rely on a sum.',
    '',
    ...tableOf(
      ['dollars', 'per', 'source'],
      Object.values(prices).map(({ dollars, per, source }) => [String(dollars), per, `<${source}>`]),
    ),
  ];
}

/** Enough digits to tell small quantities from nothing. */
function formatQuantity(quantity: number): string {
  return quantity >= 100 ? Math.round(quantity).toLocaleString('en') : Number(quantity.toPrecision(3)).toString();
}

function tableOf(header: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const toLine = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [toLine(header), toLine(header.map(() => '---')), ...rows.map(toLine)];
}
