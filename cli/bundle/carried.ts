import path from 'node:path';
import { isSea } from 'node:sea';
import { InputError } from '../../lib/base/errors/input-error.ts';
import type { CreatedCarried } from '../../lib/bundle/create/create-carried.ts';
import type { BundleSink } from '../../lib/bundle/format/archive.ts';
import { toCarriedKind } from '../../lib/bundle/format/carried.ts';
import { MAX_TOOL_BYTES } from '../../lib/bundle/format/limits.ts';
import { readInput } from '../shell/read-input.ts';

export interface CarriedOptions {
  readonly withTool?: boolean;
  readonly tool?: string;
  readonly withTrust?: boolean;
}

/** The program that goes along: the one that is named, or this one; undefined: none. @throws InputError */
export async function readTool({ withTool, tool }: CarriedOptions) {
  if (tool === undefined && withTool !== true) return undefined;
  if (tool === undefined && !isSea()) {
    const reason = 'this Signet is not a single file';
    throw new InputError(
      'ArgumentInvalid',
      `--with-tool: ${reason}: name one with --tool FILE (npm run release makes it)`,
    );
  }
  const file = tool ?? process.execPath;
  const name = path.basename(file);
  const bytes = await readInput(file, MAX_TOOL_BYTES);
  if (bytes.length === 0) throw new InputError('FileUnreadable', `--tool ${file}: the file is empty`);
  // Under another name it may be on this machine, and the archive has but one.
  return { name: toCarriedKind(name)?.kind === 'tool' ? name : 'signet', bytes };
}

/** Keeps what is written in memory; its failure is that of the file that is to hold it. */
export function createMemorySink(description: string, target: BundleSink) {
  const written: Uint8Array[] = [];
  const sink: BundleSink = {
    description,
    async write(bytes) {
      await Promise.resolve();
      written.push(Uint8Array.from(bytes));
    },
    async commit() {
      await Promise.resolve();
    },
    abort: () => target.abort(),
  };
  return { sink, bytes: (): Uint8Array => Buffer.concat(written) };
}

/** What the other side has to be told by another way. */
export function formatCarried({ tool, bundleSha256, trust }: CreatedCarried): readonly string[] {
  return [
    '  tell the other side, by another way than this archive:',
    ...(tool === undefined ? [] : [`    program     ${tool.name}  sha256:${tool.sha256}`]),
    `    bundle      sha256:${bundleSha256}`,
    ...trust.flatMap(({ profile, revision, fingerprints }) => [
      `    trust       ${profile} ${revision}`,
      ...fingerprints.map((fingerprint) => `      key       ${fingerprint}`),
    ]),
  ];
}
