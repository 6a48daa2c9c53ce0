import { readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { InputError } from '../../base/errors/input-error.ts';
import { fileErrorCode, isAbsent } from '../../platform/files/file-error.ts';
import { readRegularFile } from '../../platform/files/read-regular-file.ts';
import type { NodeContents } from './check-nodes.ts';
import { MAX_FILE_BYTES } from './parse-machine-config.ts';

/**
 * Reads `<directory>/<node>/<path on the node>` for each node and path. Hidden names are passed over.
 *
 * @throws InputError `FileUnreadable` when there is no node, for what is there and no regular file of a bearable size,
 *   for a path that is not written in full, and for a link on the way: none of them may lead to this machine's files
 */
export async function readNodeContents(directory: string, paths: readonly string[]): Promise<readonly NodeContents[]> {
  const unclear = paths.find((file) => !file.startsWith('/') || path.posix.normalize(file) !== file);
  if (unclear !== undefined) throw unreadable(unclear, 'no MachineConfig may write there');
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
  if (other !== undefined) throw unreadable(path.join(directory, other.name), 'expected one directory for each node');
  if (nodes.length === 0) throw unreadable(directory, 'there is no directory of a node in it');
  return nodes.map(({ name }) => name).toSorted();
}

/** A link was made on the node and leads to a file of this machine. */
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
