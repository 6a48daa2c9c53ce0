import { type ReleaseName, toSignedName } from '../../lib/mirror/graph/release-name.ts';
import type { Decision } from '../../lib/verdict/decide/decide-image.ts';
import type { Reason, Verdict } from '../../lib/verdict/judge/verdict.ts';
import type { NamedRelease } from './find-versions.ts';

/**
 * A graph is not signed: it may call an old release, or one of another architecture, by the version that was asked for.
 * What the signatures call it decides; what they leave open is a warning.
 *
 * @param wanted the architectures that were asked for; empty: any
 */
export function toVersionVerdict(
  { verdict, verified }: Pick<Decision, 'verdict' | 'verified'>,
  release: NamedRelease,
  wanted: ReadonlySet<string>,
): Verdict {
  if (verdict.outcome !== 'accepted' || verdict.forced) return verdict;
  const names = listNames(verified);
  const asked = toWords(release);
  if (names.length === 0) {
    return warn(
      verdict,
      `no signature says that this image is ${asked}: ${release.from} alone does, and it is not signed`,
    );
  }
  const same = names.filter((name) => isSame(name, release, wanted));
  if (same.length > 0) {
    const isOpen = wanted.size > 0 && same.every(({ architecture }) => architecture === undefined);
    if (!isOpen) return verdict;
    const named = [...wanted].join(' or ');
    return warn(
      verdict,
      `no signature says that this image is for ${named}: it was signed as ${release.version} alone`,
    );
  }
  const isNamed = release.architecture !== undefined || wanted.size === 0;
  const looked = isNamed ? asked : `${asked} for ${[...wanted].join(' or ')}`;
  const message = `${looked} was looked for, and the image that ${release.from} calls so was signed as ${names.map(toWords).join(', ')}`;
  return { ...verdict, outcome: 'rejected', reasons: [{ code: 'IdentityMismatch', message }, ...verdict.reasons] };
}

/** Of release signatures, else of those of image policies: what an image of a list is signed as names no architecture of it. */
function listNames(verified: Decision['verified']): readonly ReleaseName[] {
  const named = verified.flatMap(({ signedReference, isOfPolicy = false }) => {
    const name = signedReference === undefined ? undefined : toSignedName(signedReference);
    return name === undefined ? [] : [{ name, isOfPolicy }];
  });
  const ofRelease = named.filter(({ isOfPolicy }) => !isOfPolicy);
  return ofRelease.length > 0
    ? ofRelease.map(({ name }) => name)
    : named.map(({ name: { version } }) => ({ version, architecture: undefined }));
}

function isSame(name: ReleaseName, { version, architecture }: NamedRelease, wanted: ReadonlySet<string>): boolean {
  if (name.version !== version.split('+', 1)[0]) return false;
  if (name.architecture === undefined) return true;
  return architecture === undefined
    ? wanted.size === 0 || wanted.has(name.architecture)
    : name.architecture === architecture;
}

function toWords({ version, architecture }: ReleaseName): string {
  return architecture === undefined ? version : `${version} for ${architecture}`;
}

function warn(verdict: Verdict, message: string): Verdict {
  const warning: Reason = { code: 'IdentityMismatch', message };
  return { ...verdict, warnings: [...verdict.warnings, warning] };
}
