import type { TriedImage } from '../../lib/cluster/trial/try-image.ts';
import { countOf, formatTable, styleOutcome } from '../shell/output.ts';
import type { PolicyTrial } from './trial.ts';

const HEADER = ['OUTCOME', 'NODES', 'IMAGE', 'SCOPE', 'USED BY'] as const;
/** Names that a line shows, of the objects that use an image and of namespaces. */
const SHOWN_USERS = 2;
const SHOWN_NAMESPACES = 4;

/** The table of a trial: what would change first, by namespace; what nothing covers in one line. */
export function formatTrial(trial: PolicyTrial): string {
  const { outcome, policies, faults, warnings, overlaps, mirrors, namespaces, unread } = trial;
  const isQuiet = ({ images }: PolicyTrial['namespaces'][number]): boolean => images.every(isUntouched);
  return [
    ...policies.map(formatPolicy),
    ...overlaps.map(
      ({ policy, scope, counts, countedScope }) =>
        `left out  ${scope} of ${policy}: ${counts} has ${countedScope}, and the cluster’s alone counts`,
    ),
    ...faults.map((fault) => `fault     ${fault}`),
    ...warnings.map((warning) => `warning   ${warning}`),
    ...mirrors.map(
      ({ source, mirrors: from, origin }) =>
        `mirrored  ${source} from ${from.join(', ')} by ${origin}: judged by its own name`,
    ),
    ...namespaces.filter((one) => !isQuiet(one)).flatMap(formatNamespace),
    ...formatQuiet(namespaces.filter(isQuiet)),
    ...unread.map(({ file, message }) => `unread    ${file}: ${message}`),
    '',
    `${styleOutcome(outcome)}  ${formatCounts(trial)}`,
  ].join('\n');
}

function isUntouched({ outcome, reason }: TriedImage): boolean {
  return (outcome === 'uncovered' && reason === undefined) || outcome === 'unchanged';
}

function formatPolicy({ policy, isTried, scopes }: PolicyTrial['policies'][number]): string {
  return `${isTried ? 'tried' : 'has'.padEnd('tried'.length)}     ${policy}: ${scopes.length === 0 ? 'its default for every image' : scopes.join(', ')}`;
}

function formatNamespace({ namespace, images }: PolicyTrial['namespaces'][number]): readonly string[] {
  const rows = images.map((image) => [
    image.outcome === 'uncovered' ? 'not covered' : image.outcome,
    image.nodes,
    shortenDigest(image.image),
    image.scope ?? '',
    formatUsers(image.usedBy),
  ]);
  const [header = '', ...lines] = formatTable([HEADER, ...rows]);
  const body = lines.flatMap((line, index) => {
    const [image, next] = [images[index], images[index + 1]];
    // Of several with the same reason, the last shows it.
    const isSame = image?.reason === next?.reason && image?.outcome === next?.outcome;
    return [`  ${line}`, ...(image === undefined || isSame ? [] : formatReasons(image))];
  });
  return ['', namespace === null ? 'the cluster itself' : `namespace ${namespace}`, `  ${header}`, ...body];
}

function formatReasons({ reason, remedy }: TriedImage): readonly string[] {
  return [...(reason === undefined ? [] : [`      ${reason}`]), ...(remedy === undefined ? [] : [`      → ${remedy}`])];
}

/** A full digest makes a line that nobody reads; `-o json` has it. */
function shortenDigest(image: string): string {
  return image.replace(/@(sha256:[0-9a-f]{8})[0-9a-f]{52}([0-9a-f]{4})$/, '@$1…$2');
}

function formatUsers(usedBy: readonly string[]): string {
  const shown = usedBy.slice(0, SHOWN_USERS).join(', ');
  const more = usedBy.length - SHOWN_USERS;
  return more <= 0 ? shown : `${shown} and ${more} more`;
}

function formatQuiet(namespaces: PolicyTrial['namespaces']): readonly string[] {
  if (namespaces.length === 0) return [];
  const images = namespaces.reduce((sum, one) => sum + one.images.length, 0);
  const names = namespaces.map(({ namespace }) => namespace ?? 'the cluster itself');
  const more = names.length - SHOWN_NAMESPACES;
  const shown = more <= 0 ? names.join(', ') : `${names.slice(0, SHOWN_NAMESPACES).join(', ')} and ${more} more`;
  return ['', `untouched: ${countOf(images, 'image')} of ${shown} (-o json lists them)`];
}

function formatCounts({ counts, namespaces, isVerified }: PolicyTrial): string {
  const total = namespaces.reduce((sum, { images }) => sum + images.length, 0);
  const { refused, unsigned, unknown, allowed, unchanged, uncovered } = counts;
  const said = [
    `${refused} refused`,
    `${unsigned} unsigned`,
    `${unknown} unknown`,
    `${allowed} allowed`,
    ...(unchanged === 0 ? [] : [`${unchanged} decided as before`]),
    `${uncovered} covered by nothing`,
  ];
  const hint = unknown > 0 && !isVerified ? '; --verify reads signatures' : '';
  return `${countOf(total, 'image')} in ${countOf(namespaces.filter(({ namespace }) => namespace !== null).length, 'namespace')}: ${said.join(', ')}${hint}`;
}
