/** Where registries redirect to for blobs, as their operators publish it for firewalls. */
const BLOB_HOSTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['quay.io', ['cdn.quay.io', ...[1, 2, 3, 4, 5, 6].map((number) => `cdn0${number}.quay.io`)]],
  ['docker.io', ['production.cloudflare.docker.com']],
]);

/** Hosts that a registry's blobs may come from, beside its own. */
export function listBlobHosts(registryHost: string): readonly string[] {
  return BLOB_HOSTS.get(registryHost) ?? [];
}
