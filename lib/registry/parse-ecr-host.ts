/** A private registry of Amazon ECR, as its API names it. */
export interface EcrRegistry {
  /** The account's number. */
  readonly registryId: string;
  readonly region: string;
}

const ECR_HOST = /^([0-9]{12})\.dkr\.ecr\.([a-z0-9]+(?:-[a-z0-9]+)+)\.amazonaws\.com(\.cn)?$/;

/**
 * @param host as a `Repository` has it
 * @returns undefined for any other host: one that ends or begins like it, and a region under the other domain
 */
export function parseEcrHost(host: string): EcrRegistry | undefined {
  const [, registryId, region, china] = ECR_HOST.exec(host) ?? [];
  if (registryId === undefined || region === undefined) return undefined;
  return region.startsWith('cn-') === (china !== undefined) ? { registryId, region } : undefined;
}
