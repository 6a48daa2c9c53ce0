import { type Repository, repositoryHost } from '../../lib/base/names/reference.ts';
import type { SiteRequest } from '../../lib/cluster/readiness/check-site.ts';
import type { SiteState } from '../../lib/cluster/readiness/parse-site.ts';
import { listReleaseComponents, type WantedRelease } from '../../lib/mirror/check/check-mirror.ts';
import { createAttachmentStore, createProfileAttachments } from '../../lib/registry/attachments/attachment-store.ts';
import { createKeptReader } from '../../lib/registry/attachments/kept-reader.ts';
import { createNodeAttachmentStore, createProfileNodeAttachments } from '../../lib/registry/attachments/node-store.ts';
import { listBlobHosts } from '../../lib/registry/client/allowed-registries.ts';
import type { RegistryClient } from '../../lib/registry/client/registry-client.ts';
import { createMirroredReader, readFirst, resolveMirrors } from '../../lib/registry/profile/mirrored-reader.ts';
import type { PreparedTrust } from '../../lib/trust/prepared/prepared-trust.ts';
import {
  type MirrorRegistryOptions,
  openMirrorRegistry,
  openRegistries,
  readCertificates,
} from '../open/registries.ts';

/** Where the release is read: at the mirror that the user named, or where the cluster's mirror sets lead nodes. */
export interface SitePlaces {
  readonly check: Pick<SiteRequest, 'mirror' | 'components' | 'registry' | 'attachments' | 'nodeAttachments'>;
  /** Reads at the first place that has a release. @throws StoreError */
  readonly atHolder: <T>(
    release: Pick<WantedRelease, 'repository' | 'digest'>,
    signal: AbortSignal,
    read: (client: RegistryClient, place: Repository) => Promise<T>,
  ) => Promise<T>;
  readonly close: () => void;
}

/** How the registries of a site are reached. */
export interface SiteAccess extends MirrorRegistryOptions {
  readonly connected?: boolean;
}

interface NamedMirrors {
  readonly mirror: Repository | undefined;
  readonly componentMirror: Repository | undefined;
}

/** @throws InputError, ConfigurationError; StoreError for the pull secret */
export async function openSitePlaces(
  { mirror, componentMirror = mirror }: NamedMirrors,
  options: SiteAccess,
  prepared: PreparedTrust,
  site: SiteState,
): Promise<SitePlaces> {
  if (mirror === undefined) return await openByMirrorSets(options, prepared, site);
  const { client, close } = await openMirrorRegistry([mirror, componentMirror ?? mirror], options);
  const beside = createKeptReader(client);
  const open = () => Promise.resolve(beside);
  return {
    check: {
      mirror,
      components: {
        mirror: componentMirror,
        list: async (digest, until) => await listReleaseComponents(client, mirror, digest, until),
      },
      registry: client,
      attachments: createAttachmentStore(open),
      nodeAttachments: createNodeAttachmentStore(open),
    },
    atHolder: async (_, __, read) => await read(client, mirror),
    close,
  };
}

/** A site that does not reach the sources reads nothing there, even where a mirror set allows it. */
async function openByMirrorSets(
  options: SiteAccess,
  prepared: PreparedTrust,
  { mirrorRules }: SiteState,
): Promise<SitePlaces> {
  const { connected = false, allowRegistry, tlsCa } = options;
  const rules = connected ? mirrorRules : mirrorRules.map((rule) => ({ ...rule, neverContactSource: true }));
  const ca = [prepared.storeAccess.ca, await readCertificates(tlsCa)].filter((pem) => pem !== undefined).join('\n');
  const hosts = prepared.canonicalRepositories.map(repositoryHost);
  const allowed = [...prepared.registries.allowed, ...hosts, ...hosts.flatMap(listBlobHosts), ...allowRegistry];
  const trust: PreparedTrust = {
    ...prepared,
    mirrorRules: rules,
    registries: { allowed },
    storeAccess: { ...prepared.storeAccess, ...(ca === '' ? {} : { ca }) },
  };
  const registries = openRegistries(options);
  const client = await registries.openRegistry(trust);
  const beside = createKeptReader(client);
  const kept = { openRegistry: () => Promise.resolve(beside) };
  const atHolder: SitePlaces['atHolder'] = async ({ repository, digest }, signal, read) =>
    await readFirst(resolveMirrors(repository, rules), signal, async (place) => {
      await client.readManifest(place, digest, signal);
      return await read(client, place);
    });
  return {
    check: {
      components: {
        list: async (digest, until, repository) =>
          await atHolder({ repository, digest }, until, async (_, place) =>
            listReleaseComponents(client, place, digest, until),
          ),
      },
      registry: createMirroredReader(() => Promise.resolve(client), rules),
      attachments: createProfileAttachments(kept)(trust),
      nodeAttachments: createProfileNodeAttachments(kept, trust),
    },
    atHolder,
    close: () => registries.close(),
  };
}
