import { InputError } from '../../base/errors/input-error.ts';
import { parseReference } from '../../base/names/reference.ts';

/** No leading zeros: `4.016` and `4.16` must not both be minors. */
const VERSION = /^(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})\.[0-9]/;
const MINOR = /^(?:0|[1-9][0-9]{0,3})\.(?:0|[1-9][0-9]{0,3})$/;
/** How a release's tag ends. */
const ARCHITECTURES = ['x86_64', 'amd64', 'aarch64', 'arm64', 'ppc64le', 's390x', 'multi'];

/**
 * The version that a signed reference's tag names, such as 4.16.37 for `…/ocp-release:4.16.37-x86_64`; undefined when
 * it names none. It is signed, so it groups releases, but it decides nothing.
 */
export function toSignedVersion(signedReference: string): string | undefined {
  const tag = readTag(signedReference);
  if (tag === undefined || !VERSION.test(tag)) return undefined;
  const suffix = ARCHITECTURES.map((architecture) => `-${architecture}`).find((end) => tag.endsWith(end));
  return suffix === undefined ? tag : tag.slice(0, -suffix.length);
}

/** `4.16` of `4.16.37`; undefined for what is no version. */
export function toMinor(version: string): string | undefined {
  const [, major, minor] = VERSION.exec(version) ?? [];
  return major === undefined || minor === undefined ? undefined : `${major}.${minor}`;
}

/** @throws InputError `ArgumentInvalid` */
export function parseMinor(text: string): string {
  if (MINOR.test(text)) return text;
  throw new InputError('ArgumentInvalid', `${JSON.stringify(text)} is not a minor version: expected one such as 4.16`);
}

/** 4.9 before 4.16. */
export function compareMinors(left: string, right: string): number {
  const [leftMajor = 0, leftMinor = 0] = left.split('.').map(Number);
  const [rightMajor = 0, rightMinor = 0] = right.split('.').map(Number);
  return leftMajor - rightMajor || leftMinor - rightMinor;
}

/** A signed reference need not be one that Signet could ask for. */
function readTag(signedReference: string): string | undefined {
  try {
    return parseReference(signedReference).tag;
  } catch (cause) {
    if (cause instanceof InputError) return undefined;
    throw cause;
  }
}
