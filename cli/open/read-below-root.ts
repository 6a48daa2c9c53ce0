import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { isAbsent } from '../../lib/platform/files/file-error.ts';
import { readInput } from '../shell/read-input.ts';

/**
 * A file at its path below a root, such as a node's file system that was unpacked; undefined when there is none. A link
 * in it was made for the node: one that leads out would stand for a file of this machine.
 *
 * @throws InputError `FileUnreadable`
 */
export async function readBelowRoot(root: string, place: string, limitBytes: number): Promise<Uint8Array | undefined> {
  const file = path.join(root, place);
  const [base, target] = [await resolveLinks(root), await resolveLinks(file)];
  if (base === undefined) throw new InputError('FileUnreadable', `cannot read ${root}: there is no such folder`);
  if (target === undefined) return undefined;
  if (!target.startsWith(base.endsWith(path.sep) ? base : `${base}${path.sep}`)) {
    throw new InputError('FileUnreadable', `cannot read ${file}: it leads out of ${root}`);
  }
  return await readInput(target, limitBytes);
}

async function resolveLinks(named: string): Promise<string | undefined> {
  try {
    return await realpath(named);
  } catch (cause) {
    if (isAbsent(cause)) return undefined;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new InputError('FileUnreadable', `cannot read ${named}: ${why}`, { cause });
  }
}
