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
