import { InputError } from '../errors/input-error.ts';
import { parseRepository, repositoryHost, repositoryPath } from './reference.ts';

// Two components, so that Docker Hub's short names play no part.
const PROBE_PATH = 'a/b';

/** `host[:port]` in the spelling that repositories have. @throws InputError `ArgumentInvalid`. */
export function parseRegistryHost(text: string): string {
  try {
    const probe = parseRepository(`${text}/${PROBE_PATH}`);
    // A first component without dot or port is no host: the whole text became a path on Docker Hub.
    if (repositoryPath(probe) === PROBE_PATH) return repositoryHost(probe);
  } catch (cause) {
    throw new InputError('ArgumentInvalid', `${JSON.stringify(text)} is not a registry host`, { cause });
  }
  throw new InputError('ArgumentInvalid', `${JSON.stringify(text)} is not a registry host`);
}

/** A private registry of Amazon ECR, as its API names it. */
export interface EcrRegistry {
  /** The account's number. */
  readonly registryId: string;
  readonly region: string;
}

const ECR_HOST =
  /^([0-9]{12})\.dkr\.ecr\.([a-z0-9]+(?:-[a-z0-9]+)+)\.(amazonaws\.com|amazonaws\.com\.cn|amazonaws\.eu)$/;

/**
 * @param host as a `Repository` has it
 * @returns undefined for any other host: one that ends or begins like it, and a region under the other domain
 */
export function parseEcrHost(host: string): EcrRegistry | undefined {
  const [, registryId, region, domain] = ECR_HOST.exec(host) ?? [];
  if (registryId === undefined || region === undefined) return undefined;
  return domain === toEcrDomain(region) ? { registryId, region } : undefined;
}

/** The domain of a region's partition; undefined for partitions whose registries are named otherwise. */
export function toEcrDomain(region: string): string | undefined {
  if (region.startsWith('cn-')) return 'amazonaws.com.cn';
  if (region.startsWith('eusc-')) return 'amazonaws.eu';
  return region.startsWith('us-iso') || region.startsWith('eu-iso') ? undefined : 'amazonaws.com';
}
