import { readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { InputError } from '../../base/errors/input-error.ts';
import { fileErrorCode, isAbsent } from '../../platform/files/file-error.ts';
import { readRegularFile } from '../../platform/files/read-regular-file.ts';
import type { NodeContents } from './check-nodes.ts';
import { MAX_FILE_BYTES } from './parse-machine-config.ts';

/**
 * Reads `<directory>/<node>/<path on the node>` for each node and path. Hidden names are ignored.
 *
 * @throws InputError `FileUnreadable` without a node, for anything but a regular file of at most {@link MAX_FILE_BYTES},
 *   and for a path or link that could lead to other files of this machine
 */
export async function readNodeContents(directory: string, paths: readonly string[]): Promise<readonly NodeContents[]> {
  const escaping = paths.find((file) => !file.startsWith('/') || path.posix.normalize(file) !== file);
  if (escaping !== undefined) throw unreadable(escaping, 'not an absolute, normalised path');
  const contents: NodeContents[] = [];
  for (const node of await listNodes(directory)) {
    const files = new Map<string, Uint8Array | undefined>();
    for (const file of paths) files.set(file, await readFile(path.join(directory, node), file));
    contents.push({ node, files });
  }
  return contents;
}

async function listNodes(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((cause: unknown) => {
    throw unreadable(directory, cause instanceof Error ? cause.message : String(cause), cause);
  });
  const nodes = entries.filter(({ name }) => !name.startsWith('.'));
  const other = nodes.find((entry) => !entry.isDirectory());
  if (other !== undefined)
    throw unreadable(path.join(directory, other.name), 'not a directory: put the files of each node in one');
  if (nodes.length === 0) throw unreadable(directory, 'it holds no directory of a node');
  return nodes.map(({ name }) => name).toSorted();
}

/** Reads one file. A link made on the node would lead to a file of this machine, so links are refused. */
async function readFile(node: string, place: string): Promise<Uint8Array | undefined> {
  const file = path.join(node, place);
  try {
    const folder = path.dirname(file);
    const unlinked = path.join(await realpath(node), path.dirname(place));
    if (path.relative(unlinked, await realpath(folder)) !== '') {
      throw unreadable(folder, 'a symbolic link: copy the folder itself');
    }
    const contents = await readRegularFile(file, MAX_FILE_BYTES, 'refuse');
    if (contents.kind === 'whole') return contents.bytes;
    throw unreadable(file, contents.kind === 'cut' ? `longer than ${MAX_FILE_BYTES} bytes` : 'not a regular file');
  } catch (cause) {
    if (isAbsent(cause)) return undefined;
    if (cause instanceof InputError) throw cause;
    if (fileErrorCode(cause) === 'ELOOP') throw unreadable(file, 'a symbolic link: copy the file itself', cause);
    throw unreadable(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function unreadable(file: string, why: string, cause?: unknown): InputError {
  return new InputError('FileUnreadable', `cannot read ${file}: ${why}`, { cause });
}
