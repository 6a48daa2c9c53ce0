import { InputError } from '../../base/errors/input-error.ts';
import { parsePullspec } from '../../base/names/reference.ts';
import { type InstallerMember, readMembers } from './read-members.ts';
import { type SlotContent, scanSlots } from './release-slots.ts';

/** Different release images that are collected before a file is given up. */
export const MAX_RELEASE_IMAGES = 4;

/** The release that an installer says it installs. Nothing about it is verified yet. */
export interface CarriedRelease {
  /** Files of the archive that carry it; empty for an installer that is not in an archive. */
  readonly members: readonly string[];
  readonly untrustedPullspec: string;
  readonly version: string | undefined;
  readonly architecture: string | undefined;
}

/**
 * Finds the release image of an installer without running it: the pullspec that `oc adm release extract` wrote into it.
 * Every file of an archive is read, and all must agree.
 *
 * @throws InputError `FileUnreadable` for a file without a release image, for a development build, into which none was
 *   written, and for several images that differ
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
    const more = untrustedPullspec === undefined ? '' : ', next to one with a release image';
    throw unreadable(file, `a development build without a release image${more}`);
  }
  if (untrustedPullspec === undefined) {
    throw unreadable(file, 'no release image found: expected an openshift-install binary');
  }
  return {
    members: [...members],
    untrustedPullspec,
    version: only(found.version),
    architecture: only(found.architecture),
  };
}

/** Scans one file. An image slot without a valid pullspec is ignored: other bytes of the program may look like a slot. */
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

/** The only value, or undefined for none or several. */
function only(values: ReadonlySet<string>): string | undefined {
  return values.size === 1 ? [...values][0] : undefined;
}

function differ(file: string, pullspecs: ReadonlySet<string>): InputError {
  return unreadable(file, `it holds release images that differ: ${[...pullspecs].join(', ')}`);
}

function unreadable(file: string, why: string, cause?: unknown): InputError {
  return new InputError('FileUnreadable', `${file}: ${why}`, { cause });
}
