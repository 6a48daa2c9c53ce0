import { homedir } from 'node:os';
import path from 'node:path';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { type ApiAccess, toPodAccess } from '../../lib/cluster/api/api-access.ts';
import { type ClusterApi, openClusterApi } from '../../lib/cluster/api/cluster-api.ts';
import { type KubeconfigFile, parseKubeconfig } from '../../lib/cluster/api/kubeconfig.ts';
import { unlessAbsent } from '../../lib/platform/files/file-error.ts';
import { readRegularFile } from '../../lib/platform/files/read-regular-file.ts';
import { readProxy } from '../../lib/platform/lambda/environment.ts';
import { readInput } from '../shell/read-input.ts';

export interface ClusterOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** Bytes of one kubeconfig. */
const MAX_KUBECONFIG_BYTES = 4 * 1024 * 1024;

/**
 * The API of the cluster that the options or the environment name: `--kubeconfig`, `KUBECONFIG`, the service account of a
 * pod, then the user's own kubeconfig. @throws InputError, ConfigurationError; StoreError for credentials not readable
 */
export async function openCluster(options: ClusterOptions): Promise<ClusterApi> {
  return await openClusterApi(await chooseAccess(options), readProxy(process.env));
}

async function chooseAccess({ kubeconfig, context }: ClusterOptions): Promise<ApiAccess> {
  if (kubeconfig !== undefined) return parseKubeconfig([await readKubeconfig(kubeconfig)], context);
  const listed = (process.env['KUBECONFIG'] ?? '').split(path.delimiter).filter((file) => file !== '');
  // As kubectl does, of a list those that are there count, and one of them has to be.
  if (listed.length === 1) return parseKubeconfig([await readKubeconfig(listed[0] ?? '')], context);
  if (listed.length > 1) return parseKubeconfig(await readAll(listed), context);
  const [host, port] = [process.env['KUBERNETES_SERVICE_HOST'] ?? '', process.env['KUBERNETES_SERVICE_PORT'] ?? ''];
  if (host !== '' && context === undefined) return toPodAccess(host, port === '' ? '443' : port);
  const own = await readAll([path.join(homedir(), '.kube', 'config')]);
  if (own.length > 0) return parseKubeconfig(own, context);
  throw new InputError('ArgumentInvalid', 'say which cluster is meant: --kubeconfig FILE, or KUBECONFIG');
}

async function readKubeconfig(file: string): Promise<KubeconfigFile> {
  return { file, bytes: await readInput(file, MAX_KUBECONFIG_BYTES) };
}

async function readAll(files: readonly string[]): Promise<readonly KubeconfigFile[]> {
  const read: KubeconfigFile[] = [];
  for (const file of files) {
    const isThere = (await unlessAbsent(readRegularFile(file, 0, 'follow'))) !== undefined;
    if (isThere) read.push(await readKubeconfig(file));
  }
  return read;
}
