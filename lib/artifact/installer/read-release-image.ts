import { InputError } from '../../base/errors/input-error.ts';
import { parsePullspec } from '../../base/names/pullspec.ts';
import { MAX_RELEASE_IMAGES } from './limits.ts';
import { type InstallerMember, readMembers } from './read-members.ts';
import type { SlotContent } from './release-slot.ts';
import { scanSlots } from './scan-slots.ts';

/** What an installer says that it installs. It is the file's own word: nothing is proven. */
export interface CarriedRelease {
  /** Files of the archive that carry it; empty for an installer that was named itself. */
  readonly members: readonly string[];
  readonly untrustedPullspec: string;
  readonly version: string | undefined;
  readonly architecture: string | undefined;
}

/**
 * Finds the release image that an installer carries, without running it: the pullspec that `oc adm release extract`
 * wrote into it. Every file of an archive is looked at, and all have to agree.
 *
 * @throws InputError `FileUnreadable` when there is none, when the place is still as it was built, or when there are
 *   several that differ
 */
export async function readReleaseImage(file: string): Promise<CarriedRelease> {
  const members = new Set<string>();
  const found = { image: new Set<string>(), version: new Set<string>(), architecture: new Set<string>() };
  let isUnwritten = false;
  for await (const member of readMembers(file)) {
    for await (const slot of scanMember(file, member)) {
      if (slot.value !== undefined) found[slot.kind].add(slot.value);
      if (slot.kind !== 'image') continue;
      if (slot.value === undefined) isUnwritten = true;
      if (member.name !== undefined) members.add(member.name);
      if (found.image.size > MAX_RELEASE_IMAGES) throw differ(file, found.image);
    }
  }
  const [untrustedPullspec] = found.image;
  if (found.image.size > 1) throw differ(file, found.image);
  if (isUnwritten) {
    const more = untrustedPullspec === undefined ? '' : ', beside one that has';
    throw unreadable(file, `it is a development build: no release image was written into it${more}`);
  }
  if (untrustedPullspec === undefined)
    throw unreadable(file, 'it carries no release image: is it an openshift-install?');
  return {
    members: [...members],
    untrustedPullspec,
    version: only(found.version),
    architecture: only(found.architecture),
  };
}

/** What only looks like a written slot, and is no pullspec, is bytes of the program. */
async function* scanMember(file: string, { name, chunks }: InstallerMember): AsyncGenerator<SlotContent> {
  try {
    for await (const slot of scanSlots(chunks)) {
      if (slot.kind !== 'image' || slot.value === undefined || isPullspec(slot.value)) yield slot;
    }
  } catch (cause) {
    if (cause instanceof InputError || name === undefined) throw cause;
    throw unreadable(file, `${name}: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

function isPullspec(text: string): boolean {
  try {
    parsePullspec(text);
    return true;
  } catch (cause) {
    if (cause instanceof InputError) return false;
    throw cause;
  }
}

/** Told only where it is said once. */
function only(values: ReadonlySet<string>): string | undefined {
  return values.size === 1 ? [...values][0] : undefined;
}

function differ(file: string, pullspecs: ReadonlySet<string>): InputError {
  return unreadable(file, `it carries release images that differ: ${[...pullspecs].join(', ')}`);
}

function unreadable(file: string, why: string, cause?: unknown): InputError {
  return new InputError('FileUnreadable', `${file}: ${why}`, { cause });
}
