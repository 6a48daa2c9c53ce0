import { createHttpClient, type HttpClient } from '../http/http-client.ts';
import type { ProxyOptions } from '../http/proxy.ts';
import type { PreparedTrust } from '../trust/prepared-trust.ts';
import { openStore } from './open-store.ts';
import { createParallelStore } from './parallel-store.ts';
import type { SignatureStore } from './signature-store.ts';

/** Opens the stores of profiles, and keeps their connections while the trust stays the same. */
export interface UpstreamStores {
  open(trust: Pick<PreparedTrust, 'profile' | 'revision' | 'stores' | 'storeAccess'>): SignatureStore;
  close(): void;
}

export interface UpstreamOptions {
  readonly proxy?: ProxyOptions | undefined;
  /** Read instead of every profile's stores; a path may be read whatever `allowLocal` says. */
  readonly replacement?: readonly string[] | undefined;
  /** Contact private addresses whatever the profile says: for one machine's own runs. */
  readonly allowPrivateAddresses?: boolean | undefined;
}

interface Opened {
  readonly revision: string;
  readonly client: HttpClient;
  readonly store: SignatureStore;
}

export function createUpstreamStores({ proxy, replacement, allowPrivateAddresses }: UpstreamOptions): UpstreamStores {
  const opened = new Map<string, Opened>();
  return {
    open({ profile, revision, stores, storeAccess }) {
      const kept = opened.get(profile);
      if (kept?.revision === revision) return kept.store;
      // A run that still reads with the old client fails its store, and is asked again with the new trust.
      kept?.client.close();
      const isPrivateAllowed = storeAccess.allowPrivateAddresses || allowPrivateAddresses === true;
      const client = createHttpClient({ allowPrivateAddresses: isPrivateAllowed, ca: storeAccess.ca, proxy });
      const urls = replacement ?? stores.map(({ url }) => url);
      const access = replacement === undefined ? storeAccess : { allowLocal: true };
      const store = createParallelStore(urls.map((url) => openStore(url, access, client)));
      opened.set(profile, { revision, client, store });
      return store;
    },
    close() {
      for (const { client } of opened.values()) client.close();
      opened.clear();
    },
  };
}
