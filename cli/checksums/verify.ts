import type { FileCheck } from '../../lib/artifact/checksums/check-files.ts';
import type { ListSignature } from '../../lib/artifact/checksums/evaluate-signed-list.ts';
import type { ListedChecksum } from '../../lib/artifact/checksums/parse-checksum-list.ts';
import { type ChecksumReport, verifyChecksums } from '../../lib/artifact/checksums/verify-checksums.ts';
import type { SignatureFile } from '../../lib/artifact/checksums/verify-list-file.ts';
import { formatUnixTime } from '../../lib/base/documents/unix-time.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { indexKeyring } from '../../lib/crypto/openpgp/keys/keyring.ts';
import { untilAborted } from '../../lib/platform/time/deadline.ts';
import { readKeys } from '../open/keys.ts';
import type { OutputOptions } from '../shell/options.ts';
import { printResult } from '../shell/output.ts';
import { createProgress } from '../shell/progress.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface ChecksumsOptions extends OutputOptions {
  readonly keyring: readonly string[];
  readonly signature?: string;
  readonly ignoreMissing?: boolean;
  readonly nested?: boolean;
  readonly listOnly?: boolean;
}

const MEBIBYTE = 1024 * 1024;
/** Lines outside the signed part that are shown as text; JSON has them all. */
const MAX_SHOWN_UNSIGNED = 10;
/** Characters that are shown of such a line. */
const MAX_SHOWN_CHARACTERS = 200;

/** @returns the exit status */
export async function verifyChecksumFiles(
  file: string,
  paths: readonly string[],
  { keyring, signature, ignoreMissing = false, nested = false, listOnly = false, output }: ChecksumsOptions,
  signal: AbortSignal,
): Promise<number> {
  if (listOnly && paths.length > 0) throw new InputError('ArgumentInvalid', '--list-only hashes no files: name none');
  const keys = indexKeyring(await readKeys(keyring));
  const progress = createProgress('MiB');
  const onProgress = (done: number, total: number): void =>
    progress.show(Math.floor(done / MEBIBYTE), { total: Math.ceil(total / MEBIBYTE) });
  const what = listOnly ? 'list' : 'files';
  const question = { file, signature, paths, ignoreMissing, nested, what, onProgress } as const;
  const now = Math.floor(Date.now() / 1000);
  const verified = verifyChecksums(question, keys, now);
  const report = await untilAborted(verified, signal).finally(() => progress.end());
  printResult(output, report, formatReport);
  return toStatus(report.outcome);
}

function toStatus(outcome: ChecksumReport['outcome']): number {
  switch (outcome) {
    case 'verified':
      return ExitStatus.accepted;
    case 'unreadable':
      return ExitStatus.usage;
    case 'rejected':
      return ExitStatus.rejected;
    default:
      return outcome satisfies never;
  }
}

function formatReport({ file, outcome, signatureFiles, unsigned, listed, files }: ChecksumReport): string {
  const lines = [`${outcome}  ${file}`, ...signatureFiles.flatMap(formatSignatures)];
  if (signatureFiles.length === 0)
    lines.push('  unsigned    no signature is in it or beside it: name one with --signature');
  for (const { file: found, line, text } of unsigned.slice(0, MAX_SHOWN_UNSIGNED)) {
    lines.push(`  not signed  ${found}:${line}: ${shorten(text)}`);
  }
  const more = unsigned.length - MAX_SHOWN_UNSIGNED;
  if (more > 0) lines.push(`  not signed  ${more} more lines`);
  if (listed === undefined) return [...lines, '  files       none was looked at: the list is not signed'].join('\n');
  lines.push(`  listed      ${listed.length} ${listed.length === 1 ? 'file' : 'files'}`, ...files.flatMap(formatCheck));
  if (files.length === 0) lines.push('  files       none was hashed', ...listed.map(formatListed));
  return lines.join('\n');
}

function shorten(text: string): string {
  return text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}…` : text;
}

function formatListed({ name, algorithm, hash }: ListedChecksum): string {
  return `    ${algorithm}:${hash}  ${name}`;
}

function formatSignatures({ file, form, signatures }: SignatureFile): readonly string[] {
  const kind = form === undefined || form === 'unsigned' ? '' : `, ${form}`;
  return signatures.map((signature) => `  ${formatSignature(signature)}  (${file}${kind})`);
}

function formatSignature(signature: ListSignature): string {
  if (!signature.valid) {
    const note = signature.note === undefined ? '' : `; ${signature.note}`;
    return `refused     ${signature.code}: ${signature.message}${note}`;
  }
  return `signed by   ${signature.signer}, ${formatUnixTime(signature.createdAt)}`;
}

function formatCheck({ path, outcome, listed, actual, message }: FileCheck): readonly string[] {
  const head = `  ${outcome.padEnd(10)}  ${path}`;
  if (outcome === 'matches') return [head];
  if (outcome === 'differs' && listed !== undefined) {
    return [
      head,
      `    listed    ${listed.algorithm}:${listed.hash}`,
      `    it has    ${listed.algorithm}:${actual ?? ''}`,
    ];
  }
  return [message === undefined ? head : `${head}: ${message}`];
}
