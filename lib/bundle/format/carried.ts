import { hash } from 'node:crypto';
import { BundleError } from './bundle-error.ts';
import { parseBundlePath } from './bundle-path.ts';
import { MAX_BUNDLE_BYTES, MAX_CARRIED_FILES, MAX_FILE_BYTES, MAX_TOOL_BYTES } from './limits.ts';

/**
 * An archive to carry in: what a site without internet needs to begin with. It is packed as a bundle is, and holds one
 * whole, so that every Signet reads the bundle once the archive is unpacked.
 */
export const CARRIED_README = 'README.md';
export const CARRIED_SUMS = 'sha256sum.txt';
export const CARRIED_BUNDLE = 'bundle.tar.gz';

/** `signet`, or `signet-<version>-<platform>` as a release names it. */
const TOOL = /^signet(?:-[A-Za-z0-9][A-Za-z0-9.-]{0,80})?$/;
const SUM = /^([0-9a-f]{64}) {2}(.+)$/;

/** What a file of the archive is, and how long it may be. */
export interface CarriedKind {
  readonly kind: 'text' | 'bundle' | 'tool' | 'trust';
  readonly limit: number;
}

/** Undefined for a path that no such archive has. */
export function toCarriedKind(path: string): CarriedKind | undefined {
  if (path === CARRIED_README || path === CARRIED_SUMS) return { kind: 'text', limit: MAX_FILE_BYTES };
  if (path === CARRIED_BUNDLE) return { kind: 'bundle', limit: MAX_BUNDLE_BYTES };
  if (TOOL.test(path)) return { kind: 'tool', limit: MAX_TOOL_BYTES };
  return parseBundlePath(path)?.kind === 'trust' ? { kind: 'trust', limit: MAX_FILE_BYTES } : undefined;
}

/** As `sha256sum --check` reads it. */
export function toSums(files: readonly { readonly path: string; readonly sha256: string }[]): Uint8Array {
  return Buffer.from(files.map(({ path, sha256 }) => `${sha256}  ${path}\n`).join(''));
}

/** The sum of each file, by its path. @throws BundleError `ManifestInvalid` for what {@link toSums} does not write */
export function parseSums(bytes: Uint8Array): Map<string, string> {
  const lines = Buffer.from(bytes).toString('latin1').split('\n');
  const refuse = (line: number): BundleError =>
    new BundleError('ManifestInvalid', `line ${line} is not one that signet writes`, { path: CARRIED_SUMS });
  if (lines.pop() !== '' || lines.length === 0 || lines.length > MAX_CARRIED_FILES) throw refuse(lines.length);
  const sums = new Map<string, string>();
  for (const [index, line] of lines.entries()) {
    const [, sha256, path] = SUM.exec(line) ?? [];
    const isKnown = path !== undefined && path !== CARRIED_SUMS && toCarriedKind(path) !== undefined;
    if (sha256 === undefined || !isKnown || sums.has(path)) throw refuse(index + 1);
    sums.set(path, sha256);
  }
  return sums;
}

export function sumOfBytes(bytes: Uint8Array): string {
  return hash('sha256', bytes);
}
