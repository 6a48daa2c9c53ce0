declare const repositoryBrand: unique symbol;

/**
 * `host[:port]/path` in its one canonical spelling: host in lower case, port 443 dropped, Docker Hub's short names
 * written out. Two repositories are the same when these strings are equal. Made by `parseReference` alone.
 */
export type Repository = string & { readonly [repositoryBrand]: true };

/** The host, with its port unless that is the default one. */
export function repositoryHost(repository: Repository): string {
  return repository.slice(0, repository.indexOf('/'));
}

/** What follows the host. */
export function repositoryPath(repository: Repository): string {
  return repository.slice(repository.indexOf('/') + 1);
}
