import { InputError } from '../../base/errors/input-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import { toSignedName } from '../../mirror/graph/release-name.ts';

/** Without leading zeros: `4.016` and `4.16` must not both be minor versions. */
const VERSION = /^(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})\.[0-9]/;
const MINOR = /^(?:0|[1-9][0-9]{0,3})\.(?:0|[1-9][0-9]{0,3})$/;
/**
 * The version in a signed reference's tag, such as 4.16.37 of `…/ocp-release:4.16.37-x86_64`, or undefined. It is used to
 * group releases, never to decide.
 */
export function toSignedVersion(signedReference: string): string | undefined {
  return toSignedName(signedReference)?.version;
}

/** The minor version, such as `4.16` of `4.16.37`; undefined for anything else. */
export function toMinor(version: string): string | undefined {
  const [, major, minor] = VERSION.exec(version) ?? [];
  return major === undefined || minor === undefined ? undefined : `${major}.${minor}`;
}

/** Parses a minor version such as `4.16`. @throws InputError `ArgumentInvalid` */
export function parseMinor(text: string): string {
  if (MINOR.test(text)) return text;
  throw new InputError('ArgumentInvalid', `${JSON.stringify(text)} is not a minor version: expected one such as 4.16`);
}

/** Orders minor versions by number: 4.9 before 4.16. */
export function compareMinors(left: string, right: string): number {
  const [leftMajor = 0, leftMinor = 0] = left.split('.').map(Number);
  const [rightMajor = 0, rightMinor = 0] = right.split('.').map(Number);
  return leftMajor - rightMajor || leftMinor - rightMinor;
}

/** A release as an update graph names it. */
export interface ReleaseVersion {
  readonly digest: Digest;
  readonly version: string;
}

/** The version of a digest, or undefined. */
export type VersionLookup = (digest: Digest) => string | undefined;

/** Looks versions up by digest. Of several versions of one digest the lowest in text order counts. */
export function toVersionLookup(releases: readonly ReleaseVersion[]): VersionLookup {
  const versions = new Map<Digest, string>();
  for (const { digest, version } of releases) {
    const known = versions.get(digest);
    if (known === undefined || version < known) versions.set(digest, version);
  }
  return (digest) => versions.get(digest);
}
