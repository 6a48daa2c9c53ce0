import { InputError } from '../../base/errors/input-error.ts';
import { parseReference } from '../../base/names/reference.ts';

/** What a release is called: 4.16.37 for amd64. */
export interface ReleaseName {
  readonly version: string;
  /** As update services write it; undefined where nothing tells. */
  readonly architecture: string | undefined;
}

/** A whole version. Without leading zeros: `4.016.1` and `4.16.1` must not both be versions. */
const VERSION = /^(?:0|[1-9][0-9]{0,3})\.(?:0|[1-9][0-9]{0,3})\.(?:0|[1-9][0-9]{0,5})(?:[-+][0-9A-Za-z.+-]{1,100})?$/;
/** What a tag may begin with so that it names a version at all. */
const VERSION_START = /^(?:0|[1-9][0-9]{0,3})\.(?:0|[1-9][0-9]{0,3})\.[0-9]/;

/** Endings of release tags, and what update services call them. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  amd64: 'amd64',
  aarch64: 'arm64',
  arm64: 'arm64',
  ppc64le: 'ppc64le',
  s390x: 's390x',
  multi: 'multi',
};

/** Whether a text is a version, and no pullspec: a repository of Docker Hub needs a digest behind it to be one. */
export function isReleaseVersion(text: string): boolean {
  return VERSION.test(text);
}

/** `x86_64` is `amd64` to an update service, and `aarch64` is `arm64`; any other name is kept. */
export function toArchitecture(named: string): string {
  return Object.hasOwn(ARCHITECTURES, named) ? (ARCHITECTURES[named] ?? named) : named;
}

/**
 * The name in a signed reference's tag, such as 4.16.37 for amd64 of `…/ocp-release:4.16.37-x86_64`; undefined where it
 * names none.
 */
export function toSignedName(signedReference: string): ReleaseName | undefined {
  const tag = readTag(signedReference);
  if (tag === undefined || !VERSION_START.test(tag)) return undefined;
  const ending = Object.keys(ARCHITECTURES).find((name) => tag.endsWith(`-${name}`));
  if (ending === undefined) return { version: tag, architecture: undefined };
  return { version: tag.slice(0, -ending.length - 1), architecture: toArchitecture(ending) };
}

/** Undefined also for a signed reference that Signet cannot parse. */
function readTag(signedReference: string): string | undefined {
  try {
    return parseReference(signedReference).tag;
  } catch (cause) {
    if (cause instanceof InputError) return undefined;
    throw cause;
  }
}
