import { readProxy } from '../../lib/platform/lambda/environment.ts';
import { createSecretSource, openSecret } from '../../lib/platform/secrets/secret-source.ts';
import { parsePullSecret } from '../../lib/registry/client/pull-secret.ts';
import { createProfileRegistries, type ProfileRegistries } from '../../lib/registry/profile/profile-registries.ts';
import { parseRegistryOrigin } from './parse-registry-origin.ts';

export interface RegistryAccess {
  /** A config.json. */
  readonly pullSecret?: string | undefined;
  readonly allowPrivateStores?: boolean | undefined;
  /** `HOST=ORIGIN` each. */
  readonly registry?: readonly string[] | undefined;
}

/** The registries that a profile names, as the command line may reach them. Nothing is contacted or read yet. */
export function openRegistries({ pullSecret, allowPrivateStores, registry = [] }: RegistryAccess): ProfileRegistries {
  const readText = pullSecret === undefined ? undefined : openSecret(pullSecret);
  return createProfileRegistries({
    proxy: readProxy(process.env),
    allowPrivateAddresses: allowPrivateStores === true,
    apiOrigins: new Map(registry.map(parseRegistryOrigin)),
    pullSecret:
      readText === undefined
        ? undefined
        : createSecretSource({ readText, parse: parsePullSecret, now: () => new Date() }),
  });
}
