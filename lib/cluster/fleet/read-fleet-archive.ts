import { lstat } from 'node:fs/promises';
import { readMembers } from '../../artifact/installer/read-members.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { toFileReason } from '../../platform/files/file-error.ts';
import type { ClusterFile } from './parse-cluster-objects.ts';

/** Bytes of one file, unpacked, and of all that are kept of an archive; files of one cluster; entries of an archive. */
export const MAX_CLUSTER_FILE_BYTES = 64 * 1024 * 1024;
const MAX_KEPT_BYTES = 512 * 1024 * 1024;
export const MAX_CLUSTER_FILES = 4_096;
const MAX_ARCHIVE_ENTRIES = 1_000_000;

export const EXTENSION = /\.(?:ya?ml|json)$/i;
/** A ZIP archive is refused with the reason. */
export const ARCHIVE = /\.(?:gz|tgz|tar|zip)$/i;
/** A must-gather's folders, and the files in them that a survey reads. */
export const CLUSTER_SCOPED = 'cluster-scoped-resources';
export const NAMESPACED = 'namespaces';

/** Which files of a must-gather are read, by their paths below these two folders. */
export interface Gathered {
  readonly scoped: readonly RegExp[];
  readonly namespaced: readonly RegExp[];
  /** The folders of a namespace that hold such files. */
  readonly groups: readonly string[];
}

/** What a survey reads. */
export const SURVEYED: Gathered = {
  scoped: [
    /^(?:config\.openshift\.io\/(?:clusterversions|imagedigestmirrorsets|imagetagmirrorsets)|operator\.openshift\.io\/imagecontentsourcepolicies|machineconfiguration\.openshift\.io\/(?:machine(?:os)?configs|osimagestreams)|hive\.openshift\.io\/(?:hiveconfigs|clusterimagesets))(?:\/[^/]+)?\.(?:ya?ml|json)$/i,
  ],
  namespaced: [
    /^[^/]+\/(?:hive\.openshift\.io\/clusterdeployments|hypershift\.openshift\.io\/(?:hostedclusters|nodepools))(?:\/[^/]+)?\.(?:ya?ml|json)$/i,
    // NodePools name some of them; none stands in a namespace of the cluster's own.
    /^(?!openshift|kube)[^/]+\/core\/configmaps(?:\/[^/]+)?\.(?:ya?ml|json)$/i,
  ],
  groups: ['hive.openshift.io', 'hypershift.openshift.io', 'core'],
};

/** The same, and what says whether a site may update. */
export const OF_SITE: Gathered = {
  scoped: [
    ...SURVEYED.scoped,
    /^(?:config\.openshift\.io\/clusterimagepolicies|machineconfiguration\.openshift\.io\/(?:machineconfigpools|internalreleaseimages)|core\/nodes)(?:\/[^/]+)?\.(?:ya?ml|json)$/i,
  ],
  namespaced: [
    ...SURVEYED.namespaced,
    /^openshift-config(?:-managed)?\/core\/configmaps(?:\/[^/]+)?\.(?:ya?ml|json)$/i,
  ],
  groups: SURVEYED.groups,
};

/** A cut or broken archive counts as a whole: nothing of it is read. */
export async function readArchive(archive: string, gathered: Gathered): Promise<readonly ClusterFile[]> {
  try {
    const stats = await lstat(archive);
    if (stats.isSymbolicLink()) throw unreadable(archive, 'a symbolic link: copy the file itself');
    const members: { readonly name: string | undefined; readonly contents: ClusterFile['contents'] }[] = [];
    let isGathered = false;
    let kept = 0;
    for await (const { name, chunks } of readMembers(archive, MAX_ARCHIVE_ENTRIES)) {
      isGathered ||= name !== undefined && isOfGathering(name);
      const isRead = name === undefined || (isGathered ? isSurveyed(name, gathered) : EXTENSION.test(name));
      const bytes = await collect(archive, chunks, isRead);
      kept += bytes.length;
      if (kept > MAX_KEPT_BYTES) throw unreadable(archive, `its files are longer than ${MAX_KEPT_BYTES} bytes`);
      if (isRead || !isGathered) members.push({ name, contents: isRead ? bytes : 'not read' });
      if (members.length > MAX_CLUSTER_FILES) throw tooMany(archive);
    }
    // What came before the first folder of a must-gather is not of its objects.
    return members
      .filter(({ name }) => !isGathered || (name !== undefined && isSurveyed(name, gathered)))
      .map(({ name, contents }) => ({ name: name === undefined ? archive : `${archive}/${name}`, contents }));
  } catch (cause) {
    const error = cause instanceof InputError ? cause : unreadable(archive, toText(cause), cause);
    return [{ name: archive, contents: error }];
  }
}

function isOfGathering(file: string): boolean {
  return file.split('/').some((part) => part === CLUSTER_SCOPED || part === NAMESPACED);
}

/** Whether a file of a must-gather is read, by its path in it. */
export function isSurveyed(file: string, { scoped, namespaced }: Gathered): boolean {
  const parts = file.split('/');
  const [cluster, namespace] = [parts.lastIndexOf(CLUSTER_SCOPED), parts.indexOf(NAMESPACED)];
  const ofCluster = cluster < 0 ? '' : parts.slice(cluster + 1).join('/');
  const inNamespace = namespace < 0 ? '' : parts.slice(namespace + 1).join('/');
  return scoped.some((one) => one.test(ofCluster)) || namespaced.some((one) => one.test(inNamespace));
}

/** Reads a member to its end, as the reader of the archive needs it, and keeps it if it is wanted. */
async function collect(archive: string, chunks: AsyncIterable<Uint8Array>, isWanted: boolean): Promise<Uint8Array> {
  const kept: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of chunks) {
    if (!isWanted) continue;
    total += chunk.length;
    if (total > MAX_CLUSTER_FILE_BYTES)
      throw unreadable(archive, `a file is longer than ${MAX_CLUSTER_FILE_BYTES} bytes`);
    kept.push(chunk);
  }
  return Buffer.concat(kept);
}

export function toText(cause: unknown): string {
  return toFileReason(cause);
}

export function tooMany(root: string): InputError {
  return new InputError('ArgumentInvalid', `${root} holds more than ${MAX_CLUSTER_FILES} YAML and JSON files`);
}

export function unreadable(file: string, why: string, cause?: unknown): InputError {
  return new InputError('FileUnreadable', `cannot read ${file}: ${why}`, { cause });
}
