import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import type { Reference } from '../../base/names/reference.ts';
import { repositoryHost, repositoryPath } from '../../base/names/reference.ts';

/** The folder of a profile whose files are registries.d documents, whatever they hold. */
export const REGISTRIES_D = 'registries.d';

/** All documents of a registries.d folder, merged (containers-registries.d(5)). */
export interface RegistriesD {
  readonly defaultDocker: RegistriesDSection | undefined;
  /** By namespace: `*.domain`, a host, a namespace or repository in it, or an image; hosts in canonical spelling. */
  readonly docker: ReadonlyMap<string, RegistriesDSection>;
}

/** One configuration section. A URL is kept as written and never empty; what was not written is undefined. */
export interface RegistriesDSection {
  /** Where it was written, for messages: `<document>: docker.<namespace>`. */
  readonly place: string;
  /** Where signatures are read; the deprecated spelling counts where this one is missing. */
  readonly lookaside: string | undefined;
  /** Where signatures are written. */
  readonly lookasideStaging: string | undefined;
  readonly useSigstoreAttachments: boolean | undefined;
}

/** Where the signatures of one repository are. */
export interface Lookaside {
  /**
   * As configured, with the repository's path appended before a query. It may have any scheme or none: the
   * store that reads it checks that. It may hold a password too.
   */
  readonly base: string;
  /** As configured, before the repository's path. */
  readonly root: string;
  /** The section that it is from, for messages; undefined for the built-in default. */
  readonly place: string | undefined;
}

/** What containers/image reads as root where nothing is configured. */
const DEFAULT_LOOKASIDE = 'file:///var/lib/containers/sigstore';

/**
 * The lookaside of the most specific section that names one; else the built-in default.
 *
 * @param purpose a staging URL counts for writing alone
 * @throws ConfigurationError `DocumentInvalid` with the section's place when what it names is no URL
 */
export function findLookaside(
  registriesD: RegistriesD,
  reference: Reference,
  purpose: 'read' | 'write' = 'read',
): Lookaside {
  for (const { place, lookaside, lookasideStaging } of listSections(registriesD, reference)) {
    const root = purpose === 'write' ? (lookasideStaging ?? lookaside) : lookaside;
    if (root !== undefined) return toLookaside(root, place, reference);
  }
  return toLookaside(DEFAULT_LOOKASIDE, undefined, reference);
}

function toLookaside(root: string, place: string | undefined, { repository }: Reference): Lookaside {
  // Its text is not shown: it may hold a password.
  if (!isUrlReference(root)) throw new ConfigurationError('DocumentInvalid', `${place}: its lookaside is not a URL`);
  return { base: appendToPath(root, `/${repositoryPath(repository)}`), root, place };
}

/** Puts text at the end of a URL's path, before its query or fragment. */
function appendToPath(url: string, text: string): string {
  const end = url.search(/[?#]/);
  return end < 0 ? url + text : url.slice(0, end) + text + url.slice(end);
}

/** A URL, or a path without a scheme (RFC 3986, section 4.1). */
function isUrlReference(text: string): boolean {
  if (/[\p{Cc}\s]/u.test(text)) return false;
  if (/^[A-Za-z][A-Za-z0-9+.-]*:/.test(text)) return URL.canParse(text);
  return !/^[^/?#]*:/.test(text);
}

/** Whether Sigstore signatures attached to an image in its registry count: only if a section enables them. */
export function usesSigstoreAttachments(registriesD: RegistriesD, reference: Reference): boolean {
  const found = listSections(registriesD, reference).find((section) => section.useSigstoreAttachments !== undefined);
  return found?.useSigstoreAttachments ?? false;
}

/** The sections that apply to an image, the most specific first and `default-docker` last. */
function listSections({ docker, defaultDocker }: RegistriesD, reference: Reference): RegistriesDSection[] {
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
