import { formatUnixDay } from '../../base/documents/unix-time.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { VERIFIER_VERSION } from '../../verdict/judge/verdict.ts';
import { CARRIED_BUNDLE, CARRIED_SUMS } from '../format/carried.ts';

/** The program that comes along. */
export interface CarriedTool {
  /** In the archive. */
  readonly name: string;
  readonly sha256: string;
  readonly size: number;
}

/** What the other side is to compare with what it was told by another way. */
export interface ToCompare {
  readonly tool: CarriedTool | undefined;
  readonly bundleSha256: string;
  readonly profiles: readonly PreparedTrust[];
}

/** The page that a person reads first, where there is no Signet yet. The same input, the same bytes. */
export function toCarriedReadme({ tool, bundleSha256, profiles }: ToCompare): string {
  return [
    '# Carry Signet in',
    '',
    `Made by ${VERIFIER_VERSION}, for a site without internet.`,
    '',
    '## First, by hand',
    '',
    'Whoever could exchange this archive could exchange this page too. Compare what stands here with what you were told',
    'by another way: by telephone, on paper, from a publisher’s page. Stop if anything differs.',
    '',
    ...toToolLines(tool),
    `- The bundle \`${CARRIED_BUNDLE}\` has the SHA-256 \`${bundleSha256}\`.`,
    ...profiles.flatMap(toProfileLines),
    '',
    'Then that the files are those:',
    '',
    '```sh',
    `sha256sum --check ${CARRIED_SUMS}`,
    '```',
    '',
    '## Then',
    '',
    '```sh',
    ...toUse(tool, profiles),
    '```',
    '',
    profiles.length === 0
      ? 'TRUST is a folder with the trust documents of your site.'
      : 'Use the documents in `trust/` only after their fingerprints were compared; then keep them as your own.',
    'Every signature is verified again by them. The next archive needs neither the program nor the trust: a bundle will do.',
    '',
  ].join('\n');
}

function toToolLines(tool: CarriedTool | undefined): readonly string[] {
  if (tool === undefined) return [];
  return [`- The program \`${tool.name}\` has ${tool.size} bytes and the SHA-256 \`${tool.sha256}\`.`];
}

function toProfileLines({ profile, revision, keyrings, policyKeyrings, documents }: PreparedTrust): readonly string[] {
  return [
    `- The trust of profile \`${profile}\` has the revision \`${revision}\`, and these keys:`,
    ...[...keyrings, ...policyKeyrings].flatMap(({ name, certificates }) =>
      certificates.map(({ fingerprint, userIds, keys }) => {
        const ends = keys.find((key) => key.fingerprint === fingerprint)?.expiresAt;
        const until = ends === undefined ? '' : `, until ${formatUnixDay(ends)}`;
        return `  - \`${fingerprint}\` ${toPlainText(userIds[0] ?? '')} (${toPlainText(name)}${until})`;
      }),
    ),
    ...documents.map(({ name, sha256 }) => `  - \`trust/${profile}/${name}\`: SHA-256 \`${sha256}\``),
  ];
}

/** Whoever made a key chose its user ID: it must not forge a line of the page, or hide one. */
function toPlainText(text: string): string {
  return text.slice(0, MAX_TEXT).replaceAll(/[^ A-Za-z0-9@.,:+-]/g, '?');
}

/** Characters of a user ID. */
const MAX_TEXT = 120;

function toUse(tool: CarriedTool | undefined, profiles: readonly PreparedTrust[]): readonly string[] {
  const program = tool === undefined ? 'signet' : `./${tool.name}`;
  const trust = profiles.length === 0 ? 'TRUST' : 'trust';
  return [
    `${program} bundle inspect ${CARRIED_BUNDLE} --trust ${trust}`,
    `${program} bundle import ${CARRIED_BUNDLE} --trust ${trust} --to data/objects`,
    ...(tool === undefined ? [] : [`${program} serve --data data --trust ${trust}`]),
  ];
}
