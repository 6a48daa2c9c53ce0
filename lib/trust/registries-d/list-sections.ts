import type { Reference } from '../../base/names/reference.ts';
import { repositoryHost } from '../../base/names/repository.ts';
import type { RegistriesD, RegistriesDSection } from './registries-d.ts';

/** The sections that apply to an image, the most specific first and `default-docker` last. */
export function listSections({ docker, defaultDocker }: RegistriesD, reference: Reference): RegistriesDSection[] {
  return [...listNamespaces(reference).map((namespace) => docker.get(namespace)), defaultDocker].filter(
    (section) => section !== undefined,
  );
}

/**
 * The image, its repository, each namespace around it and the host, then the domains as wildcards; the port belongs to
 * the host, and no wildcard has one. So containers/image looks them up, though its manual leaves wildcards out.
 */
function listNamespaces({ repository, tag, digest }: Reference): readonly string[] {
  const host = repositoryHost(repository);
  const namespaces = [digest === undefined ? `${repository}:${tag ?? 'latest'}` : `${repository}@${digest}`];
  let namespace: string = repository;
  while (namespace !== host) {
    namespaces.push(namespace);
    namespace = namespace.slice(0, namespace.lastIndexOf('/'));
  }
  namespaces.push(host);
  const name = host.replace(/:[0-9]+$/, '');
  for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
    namespaces.push(`*${name.slice(dot)}`);
  }
  return namespaces;
}
