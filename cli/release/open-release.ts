import { openLocalRelease } from '../../lib/artifact/release/open-local-release.ts';
import { openRegistryRelease, type ReleaseSource } from '../../lib/artifact/release/release-source.ts';
import { parsePullspec } from '../../lib/base/names/pullspec.ts';
import { repositoryHost } from '../../lib/base/names/repository.ts';
import { listBlobHosts } from '../../lib/registry/client/allowed-registries.ts';
import { openDirectoryImage } from '../../lib/registry/images/open-directory-image.ts';
import { openLayoutImage } from '../../lib/registry/images/open-layout-image.ts';
import { parseImageName } from '../../lib/registry/images/parse-image-name.ts';
import { openRegistries } from '../open/open-registries.ts';
import type { StoreOptions } from '../shell/options.ts';
import { MAX_KEY_FILE_BYTES, readInput } from '../shell/read-input.ts';

export interface ReleaseOptions extends Pick<StoreOptions, 'allowPrivateStores' | 'tlsCa'> {
  readonly pullSecret?: string;
  readonly allowRegistry: readonly string[];
}

/** `close` lets go of every connection. */
export interface OpenedRelease {
  readonly source: ReleaseSource;
  readonly close: () => void;
}

/** The release image that the user named, not read yet. @throws InputError, ConfigurationError, StoreError */
export async function openRelease(text: string, options: ReleaseOptions): Promise<OpenedRelease> {
  // Docker Hub's repositories `dir` and `oci` are asked for with their host.
  if (!/^(?:dir|oci):/.test(text)) return await openPullspec(text, options);
  const name = parseImageName(text);
  const image =
    name.transport === 'oci' ? await openLayoutImage(name.path, name.name) : await openDirectoryImage(text.slice(4));
  return { source: openLocalRelease(image), close: () => undefined };
}

async function openPullspec(text: string, options: ReleaseOptions): Promise<OpenedRelease> {
  const { tlsCa, allowRegistry } = options;
  const pullspec = parsePullspec(text);
  const host = repositoryHost(pullspec.repository);
  const ca = tlsCa === undefined ? undefined : Buffer.from(await readInput(tlsCa, MAX_KEY_FILE_BYTES)).toString();
  const registries = openRegistries(options);
  try {
    // The user named the one host that is contacted, and those beside it; no profile adds to them.
    const registry = await registries.openRegistry({
      ...NO_PROFILE,
      registries: { allowed: [host, ...listBlobHosts(host), ...allowRegistry] },
      storeAccess: { allowPrivateAddresses: false, allowLocal: false, ca },
    });
    return { source: openRegistryRelease(pullspec, registry), close: () => registries.close() };
  } catch (error) {
    registries.close();
    throw error;
  }
}

const NO_PROFILE = { profile: '', revision: '', pushSources: [], mirrorRules: [] } as const;
