import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import type { Reference } from '../../base/names/reference.ts';
import { repositoryPath } from '../../base/names/repository.ts';
import { appendToPath } from './append-to-path.ts';
import { listSections } from './list-sections.ts';
import type { RegistriesD } from './registries-d.ts';

/** Where the signatures of one repository lie. */
export interface Lookaside {
  /**
   * As configured, with the repository's path appended before a query. It may have any scheme or none: whoever
   * contacts it decides what is taken. It may hold a password too.
   */
  readonly base: string;
  /** As configured, before the repository's path. */
  readonly root: string;
  /** The section that says so, for messages; undefined for the built-in default. */
  readonly place: string | undefined;
}

/** What containers/image reads as root where nothing is configured. */
export const DEFAULT_LOOKASIDE = 'file:///var/lib/containers/sigstore';

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

/** A URL, or a path without a scheme (RFC 3986, section 4.1). */
function isUrlReference(text: string): boolean {
  if (/[\p{Cc}\s]/u.test(text)) return false;
  if (/^[A-Za-z][A-Za-z0-9+.-]*:/.test(text)) return URL.canParse(text);
  return !/^[^/?#]*:/.test(text);
}
