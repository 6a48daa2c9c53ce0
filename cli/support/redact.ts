import { isUrlLike, toShownScheme } from '../../lib/platform/http/http-url.ts';
import { isProfileName } from '../../lib/trust/prepared/profiles.ts';
import type { SettingName } from '../shell/settings/setting.ts';

/** What stands for a part that may be a secret. */
const HIDDEN = '…';
const NOT_SHOWN = '(not shown)';
/** What people call files and hosts. Credentials of a URL, queries and JSON have other characters. */
const PLAIN = /^[A-Za-z0-9._~ +-]{1,32}$/;
/** Tokens, keys and hashes are longer rows than words are. */
const LONG_ROW = /[A-Za-z0-9]{16}/;
const DRIVE = /^[A-Za-z]:$/;

/** A value of a setting as a report of a fault may show it. Whatever is not known to be harmless is left out. */
export function toShownValue(setting: SettingName, value: string, home: string | undefined): string {
  switch (setting) {
    case 'trust':
    case 'store':
      return toShownPlace(value, home);
    case 'profile':
      return isProfileName(value) && isPlain(value) ? value : NOT_SHOWN;
    case 'output':
      return ['text', 'json', 'yaml', 'table', 'csv'].includes(value) ? value : NOT_SHOWN;
    case 'timeout':
      return /^[0-9]{1,9}(?:ms|s|m|h)?$/.test(value) ? value : NOT_SHOWN;
    default:
      return setting satisfies never;
  }
}

/**
 * A path or URL: of a URL scheme and host, since its user, path and query may open something; of a path, what is below
 * the home folder, without parts that may be tokens.
 */
export function toShownPlace(place: string, home: string | undefined): string {
  if (isUrlLike(place)) return toShownOrigin(place);
  // The separators of both systems stay as they are.
  return shortenHome(place, home)
    .split(/([/\\])/)
    .map((part) => (/^[/\\]?$/.test(part) || DRIVE.test(part) || isPlain(part) ? part : HIDDEN))
    .join('');
}

/** The name of a home folder is that of a person. */
function shortenHome(place: string, home: string | undefined): string {
  if (home === undefined || home === '' || !place.startsWith(home)) return place;
  const rest = place.slice(home.length);
  return rest === '' || /^[/\\]/.test(rest) ? `~${rest}` : place;
}

function toShownOrigin(text: string): string {
  const url = URL.parse(text);
  if (url === null) return toShownScheme(text);
  // `s3://key:secret@bucket` has no origin of its own; its host is without them.
  const host = url.hostname.split('.').every(isPlain) ? url.host : HIDDEN;
  const isBare = (url.pathname === '' || url.pathname === '/') && url.search === '' && url.hash === '';
  return `${url.protocol}//${host}${isBare ? '' : `/${HIDDEN}`}`;
}

function isPlain(text: string): boolean {
  return PLAIN.test(text) && !LONG_ROW.test(text);
}
