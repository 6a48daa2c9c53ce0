import { lstat, readdir, readlink, stat } from 'node:fs/promises';
import path from 'node:path';
import { InputError } from '../../base/errors/input-error.ts';
import { fileErrorCode, isAbsent, toFileReason } from '../../platform/files/file-error.ts';
import { readRegularFile } from '../../platform/files/read-regular-file.ts';
import type { NodeContents, UnresolvedLink } from './check-nodes.ts';
import { SETTING_DIRECTORIES, SETTING_FILES } from './other-places.ts';
import { MAX_FILE_BYTES } from './parse-machine-config.ts';

/**
 * Reads `<directory>/<node>/<path on the node>` for each node and path. Ignores hidden names.
 *
 * @throws InputError `FileUnreadable` when there is no node, for anything but a regular file within the size limit, for
 *   a relative path or one with `..`, and for a symbolic link that resolves: it was made on the node, and would lead to
 *   a file of this machine
 */
export async function readNodeContents(directory: string, paths: readonly string[]): Promise<readonly NodeContents[]> {
  const escaping = paths.find((file) => !file.startsWith('/') || path.posix.normalize(file) !== file);
  if (escaping !== undefined) throw unreadable(escaping, 'not an absolute, normalised path');
  const contents: NodeContents[] = [];
  for (const node of await listNodes(directory)) {
    const files = new Map<string, Uint8Array | UnresolvedLink | undefined>();
    for (const file of paths) files.set(file, await readFile(path.join(directory, node), file));
    contents.push({ node, files, others: await readOthers(path.join(directory, node), paths) });
  }
  return contents;
}

async function listNodes(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((cause: unknown) => {
    throw unreadable(directory, toFileReason(cause), cause);
  });
  const nodes = entries.filter(({ name }) => !name.startsWith('.'));
  const other = nodes.find((entry) => !entry.isDirectory());
  if (other !== undefined)
    throw unreadable(path.join(directory, other.name), 'not a directory: put the files of each node in one');
  if (nodes.length === 0) throw unreadable(directory, 'it holds no directory of a node');
  return nodes.map(({ name }) => name).toSorted();
}

/** The other files that nodes read signature settings from, where the folder has any; undefined for a dangling link. */
async function readOthers(node: string, paths: readonly string[]): Promise<Required<NodeContents>['others']> {
  const others = new Map<string, Uint8Array | undefined>();
  const look = async (place: string): Promise<void> => {
    if (paths.includes(place) || (await isLinkOfOthers(node, place))) return;
    const read = await readFile(node, place);
    if (read instanceof Uint8Array) others.set(place, read);
    else if (read !== undefined) others.set(read.link, undefined);
  };
  for (const directory of SETTING_DIRECTORIES) {
    const names = await listNames(node, directory);
    if (names === 'a link') await look(directory);
    else for (const name of names) await look(`${directory}/${name}`);
  }
  for (const file of SETTING_FILES) await look(file);
  return others;
}

/** None where there is no such directory. */
async function listNames(node: string, directory: string): Promise<readonly string[] | 'a link'> {
  try {
    if ((await findLink(node, directory)) !== undefined) return 'a link';
    return await readdir(path.join(node, directory));
  } catch (cause) {
    if (isAbsent(cause)) return [];
    throw unreadable(path.join(node, directory), toFileReason(cause), cause);
  }
}

/** Root's home is looked at under the name that this link of CoreOS leads to. */
const HOME_LINK = '/root';
const HOMES = ['var/roothome', '/var/roothome'];
/** CRI-O reads files of its own name there (`EnvironmentFile` of crio.service); other programs have links. */
const SYSCONFIG = '/etc/sysconfig';

/** Whether a place is behind a link that leads to nothing else of CRI-O. */
async function isLinkOfOthers(node: string, place: string): Promise<boolean> {
  const link = await findLink(node, place).catch((cause: unknown) => {
    if (isAbsent(cause)) return undefined;
    throw unreadable(path.join(node, place), toFileReason(cause), cause);
  });
  if (link === HOME_LINK) return HOMES.includes(await readlink(path.join(node, link)));
  return link !== undefined && path.posix.dirname(link) === SYSCONFIG && !path.posix.basename(link).startsWith('crio');
}

async function readFile(node: string, place: string): Promise<Uint8Array | UnresolvedLink | undefined> {
  const file = path.join(node, place);
  try {
    const link = await findLink(node, place);
    if (link !== undefined) {
      if (await isDangling(path.join(node, link))) return { link };
      const what = link === place ? 'file' : 'folder';
      throw unreadable(path.join(node, link), `a symbolic link: copy the ${what} itself`);
    }
    const contents = await readRegularFile(file, MAX_FILE_BYTES, 'refuse');
    if (contents.kind === 'whole') return contents.bytes;
    throw unreadable(file, contents.kind === 'cut' ? `longer than ${MAX_FILE_BYTES} bytes` : 'not a regular file');
  } catch (cause) {
    if (isAbsent(cause)) return undefined;
    if (cause instanceof InputError) throw cause;
    throw unreadable(file, toFileReason(cause), cause);
  }
}

/**
 * The first symbolic link among a path and the folders above it, up to the node's own. Looks at each name itself: what
 * a link leads to depends on this machine.
 */
async function findLink(node: string, place: string): Promise<string | undefined> {
  let reached = '';
  for (const name of place.split('/').slice(1)) {
    reached = `${reached}/${name}`;
    if ((await lstat(path.join(node, reached))).isSymbolicLink()) return reached;
  }
  return undefined;
}

/** Whether a symbolic link leads to nothing, or in a circle. @throws the system's error for any other reason */
async function isDangling(link: string): Promise<boolean> {
  try {
    await stat(link);
    return false;
  } catch (cause) {
    if (isAbsent(cause) || fileErrorCode(cause) === 'ELOOP') return true;
    throw cause;
  }
}

function unreadable(file: string, why: string, cause?: unknown): InputError {
  return new InputError('FileUnreadable', `cannot read ${file}: ${why}`, { cause });
}
