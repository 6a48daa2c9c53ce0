import { styleText } from 'node:util';
import type { Fix, ReleaseFacts } from '../../lib/cluster/explain/explanation.ts';
import type { Explained, ExplainedRelease } from '../../lib/cluster/explain/fixes/explained.ts';
import type { Asked } from '../../lib/cluster/explain/patterns/statement.ts';
import { splitPrintable } from '../shell/output.ts';

/** As text, one block for each release and image. */
export function formatExplained(explained: Explained): string {
  const { releases, pulls, gates, mentioned, notUnderstood, otherMessages } = explained;
  const blocks = [...releases.map(formatRelease), ...pulls.map(formatPull), ...gates.map(formatGate)];
  if (blocks.length === 0) blocks.push(['nothing in this text says why a release or image was refused']);
  if (notUnderstood.length > 0) blocks.push(['not understood', ...notUnderstood.map((text) => `  ${shorten(text)}`)]);
  if (mentioned.length > 0)
    blocks.push(['named in it, and nothing more is known', ...mentioned.map((one) => `  ${one}`)]);
  if (otherMessages > 0)
    blocks.push([`left out: ${otherMessages} ${otherMessages === 1 ? 'message' : 'messages'} about other things`]);
  return blocks.map((lines) => lines.join('\n')).join('\n\n');
}

function formatRelease(release: ExplainedRelease): readonly string[] {
  const { digest, image, version, hosted, states, keyrings, asked, faults, search, fixes } = release;
  return [
    bold(digest ?? image ?? toTitle(release)),
    ...(image === undefined ? [] : [field('image', image)]),
    ...(version === undefined ? [] : [field('version', version)]),
    ...(hosted === undefined ? [] : [field('for', `the hosted cluster ${hosted}`)]),
    ...(states.length === 0 ? [] : [field('cluster', states.map((state) => STATES[state]).join('; '))]),
    ...faults.map(({ text }) => field('said', text)),
    ...(keyrings.length === 0 ? [] : [field('keyrings', `no signature satisfied ${keyrings.join(', ')}`)]),
    ...asked.map((one) => field('asked', `${toPlaceName(one)}: ${one.answer}${isPassing(one) ? '' : `: ${one.text}`}`)),
    ...(search?.places ?? []).map(({ role, name, outcome }) =>
      field('signet', `${role} ${name}: ${OUTCOMES[outcome]}`),
    ),
    ...fixes.flatMap(formatFix),
  ];
}

/** What the text does not name. */
function toTitle({ states }: ExplainedRelease): string {
  return states.includes('undecided')
    ? 'a request that Signet did not answer'
    : 'a release that the text does not name';
}

function formatPull({ image, deniedBy, faults, fixes }: Explained['pulls'][number]): readonly string[] {
  return [
    bold(image ?? 'an image that the text does not name'),
    ...faults.map(({ text }) => field(deniedBy === undefined ? 'node' : 'denied', text)),
    ...(faults.every(({ fault }) => fault === 'registry')
      ? [field('note', 'the registry did not serve the image: this is not a signature problem')]
      : []),
    ...fixes.flatMap(formatFix),
  ];
}

function formatGate({ version, repository, fixes }: Explained['gates'][number]): readonly string[] {
  return [
    bold(`before ${version}`),
    field('asks', `each mirror of ${repository} for the Sigstore signatures of its releases`),
    ...fixes.flatMap(formatFix),
  ];
}

function formatFix({ say, command, manifest, file }: Fix): readonly string[] {
  return [
    field('to do', say),
    ...(command === undefined ? [] : [`              $ ${command}`]),
    ...(manifest === undefined ? [] : ['              the object is printed by -o yaml']),
    ...(file === undefined ? [] : [`              ${file.name}:`, ...indent(file.text)]),
  ];
}

/** What a log says before the result is what `answer` says already. */
function isPassing({ answer }: Asked): boolean {
  return answer === 'searched' || answer === 'found';
}

function indent(text: string): readonly string[] {
  return splitPrintable(text).map((line) => `                ${line}`);
}

function toPlaceName({ place }: Asked): string {
  switch (place.kind) {
    case 'config-map':
      return `ConfigMap ${place.name}`;
    case 'url':
      return place.url;
    case 'stores':
      return place.urls.length === 0 ? 'all stores' : `all of ${place.urls.join(', ')}`;
    case 'signature-stores':
      return 'spec.signatureStores';
    case 'signature':
      return 'a signature that was found';
    default:
      throw new TypeError(`unknown place ${JSON.stringify(place satisfies never)}`);
  }
}

const STATES: Readonly<Record<ReleaseFacts['states'][number], string>> = {
  retrieving: 'was retrieving it',
  refused: 'refused it',
  forced: 'took it unverified, because the update was forced',
  loaded: 'loaded it',
  'not-downloaded': 'could not download it',
  'not-loaded': 'could not load it',
  'other-version': 'found another version in it',
  'preconditions-failed': 'refused it for other reasons than signatures',
  'not-mirrored': 'has not seen it: a tool did not copy it',
  'not-retrieved': 'did not retrieve it; why is not in the text',
  unverified: 'has not seen it: a tool copied it unverified',
  denied: 'has not seen it: admission denied it',
  accepted: 'may take it: Signet accepted it',
  rejected: 'has not seen it: Signet rejected it',
  undecided: 'has not seen it: Signet did not decide it',
  'not-held': 'may not find its signature: Signet’s mirror lacks one',
};

const OUTCOMES = {
  held: 'has a signature that verifies',
  absent: 'has no signature of it',
  refused: 'has signatures, and they do not verify',
  failed: 'did not answer: nothing is known',
} as const;

function field(name: string, value: string): string {
  return `  ${name.padEnd(10)}  ${value}`;
}

function bold(text: string): string {
  return styleText('bold', text, { stream: process.stdout });
}

function shorten(text: string): string {
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}
