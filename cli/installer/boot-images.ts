import {
  type BootImageCheck,
  compareBootImages,
  judgeBootImages,
} from '../../lib/artifact/boot-images/compare-boot-images.ts';
import { MAX_STREAM_BYTES, parseStream } from '../../lib/artifact/boot-images/parse-stream.ts';
import { type VerifiedList, verifyListFile } from '../../lib/artifact/checksums/verify-list-file.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { indexKeyring } from '../../lib/crypto/openpgp/keys/keyring.ts';
import type { Outcome } from '../../lib/verdict/judge/verdict.ts';
import { readKeys } from '../open/keys.ts';
import { countOf } from '../shell/output.ts';
import { readInput } from '../shell/read-input.ts';

export interface BootImageOptions {
  readonly stream?: string;
  readonly bootChecksums: readonly string[];
  readonly keyring: readonly string[];
  readonly arch: readonly string[];
  readonly artifact: readonly string[];
}

/** Files to boot from beside signed lists. */
export interface BootImageReport {
  readonly outcome: Outcome;
  readonly stream: string;
  readonly lists: readonly Omit<VerifiedList, 'listed'>[];
  readonly files: readonly BootImageCheck[];
  /** Files of other architectures or artifacts than were asked for. */
  readonly leftOut: number;
  /** Images in clouds, which are named by IDs: no list of checksums says anything of them. */
  readonly cloudImages: readonly string[];
}

/**
 * Compares stream metadata with signed checksum lists; undefined where none was asked for.
 *
 * @throws InputError, ConfigurationError
 */
export async function checkBootImages(options: BootImageOptions): Promise<BootImageReport | undefined> {
  const { stream: file, bootChecksums, keyring, arch, artifact } = options;
  if (file === undefined) {
    const [given] = [...bootChecksums, ...keyring, ...arch, ...artifact];
    if (given === undefined) return undefined;
    throw new InputError(
      'ArgumentInvalid',
      '--boot-checksums, --keyring, --arch and --artifact are about --stream: give it',
    );
  }
  if (bootChecksums.length === 0) {
    throw new InputError('ArgumentInvalid', 'name a signed list to compare --stream with: --boot-checksums');
  }
  const keys = indexKeyring(await readKeys(keyring));
  const { stream, images, cloudImages } = parseStream(await readInput(file, MAX_STREAM_BYTES), file);
  const isAsked = (names: readonly string[], name: string): boolean => names.length === 0 || names.includes(name);
  const asked = images.filter((one) => isAsked(arch, one.architecture) && isAsked(artifact, one.artifact));
  // Each that is named, so that a misspelt one beside another is no file that was compared.
  const missing = [
    ...arch.filter((name) => !asked.some(({ architecture }) => architecture === name)),
    ...artifact.filter((name) => !asked.some((one) => one.artifact === name)),
  ];
  if (missing.length > 0) {
    const known = [...new Set(images.map((one) => `${one.architecture} ${one.artifact}`))].join(', ');
    throw new InputError('ArgumentInvalid', `${file} names no file of ${missing.join(', ')}; it has ${known}`);
  }
  const now = Math.floor(Date.now() / 1000);
  const lists: VerifiedList[] = [];
  for (const list of bootChecksums) lists.push(await verifyListFile({ file: list, signature: undefined }, keys, now));
  const files = compareBootImages(asked, lists);
  return {
    outcome: judgeBootImages(files, lists),
    stream,
    lists: lists.map(({ file: list, signatureFiles, unsigned }) => ({ file: list, signatureFiles, unsigned })),
    files,
    leftOut: images.length - asked.length,
    cloudImages,
  };
}

export function formatBootImages({ outcome, stream, lists, files, leftOut, cloudImages }: BootImageReport): string {
  const lines = [`${outcome}  boot images of ${stream}`];
  for (const { file, signatureFiles } of lists) {
    const signatures = signatureFiles.flatMap((one) => one.signatures);
    for (const one of signatures) {
      lines.push(
        one.valid ? `  signed by   ${one.signer}  (${file})` : `  refused     ${one.code}: ${one.message}  (${file})`,
      );
    }
    if (signatures.length === 0) lines.push(`  unsigned    ${file}`);
  }
  for (const { outcome: found, architecture, artifact, format, part, fileName, sha256, listed } of files) {
    lines.push(`  ${found.padEnd(10)}  ${architecture} ${artifact} ${format} ${part}: ${fileName}`);
    if (found === 'listed') continue;
    lines.push(`    it has    sha256:${sha256}`);
    if (listed !== undefined) lines.push(`    listed    ${listed.hash}  (${listed.file}:${listed.line})`);
  }
  if (leftOut > 0) lines.push(`  left out    ${countOf(leftOut, 'file')} of other architectures or artifacts`);
  if (cloudImages.length > 0)
    lines.push(`  not here    images in clouds, which have IDs and no checksum: ${cloudImages.join(', ')}`);
  return lines.join('\n');
}
