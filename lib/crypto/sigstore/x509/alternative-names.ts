import { decodeUtf8 } from '../../../base/documents/decode.ts';
import { DerError, DerTag, type DerValue, expectDer, readDer, readDerValues, toDottedOid } from './der.ts';

/** The names of a certificate's subject, of the kinds that are read; others, such as directory names, are passed over. */
export interface AlternativeNames {
  readonly emails: readonly string[];
  readonly hostnames: readonly string[];
  /** Of 4 or 16 octets. */
  readonly addresses: readonly Buffer[];
  /** As they are written. */
  readonly uris: readonly string[];
  /** Their hosts in lower case, without a port; undefined for one without a host, or with an address for its host. */
  readonly uriHosts: readonly (string | undefined)[];
  /** Of logins that are neither: Fulcio's own kind of other name. */
  readonly usernames: readonly string[];
}

const OTHER_NAME_TAG = 0xa0;
const USERNAME = '1.3.6.1.4.1.57264.1.7';

export const NameTag = { email: 0x81, hostname: 0x82, uri: 0x86, address: 0x87 } as const;

/** @throws DerError for a name that is not what its tag says, as Go's reader refuses it */
export function parseAlternativeNames(names: readonly DerValue[]): AlternativeNames {
  const contentsOf = (wanted: number): readonly Buffer[] =>
    names.filter(({ tag }) => tag === wanted).map(({ content }) => content);
  const addresses = contentsOf(NameTag.address);
  if (addresses.some(({ length }) => length !== 4 && length !== 16)) {
    throw new DerError('an address among the alternative names has neither 4 nor 16 octets');
  }
  const uris = contentsOf(NameTag.uri).map(decodeAscii);
  return {
    emails: contentsOf(NameTag.email).map(decodeAscii),
    hostnames: contentsOf(NameTag.hostname).map(decodeAscii),
    addresses,
    uris,
    uriHosts: uris.map(parseUriHost),
    usernames: contentsOf(OTHER_NAME_TAG).flatMap((content) => readUsername(content) ?? []),
  };
}

/** Undefined for another kind of name, and for what is none: Go's reader passes over all of them. */
function readUsername(content: Buffer): string | undefined {
  try {
    const [kind, wrapped, ...more] = readDerValues(content);
    if (toDottedOid(expectDer(kind, DerTag.objectIdentifier)) !== USERNAME || more.length > 0) return undefined;
    return decodeUtf8(expectDer(readDer(expectDer(wrapped, OTHER_NAME_TAG)), DerTag.utf8String));
  } catch {
    return undefined;
  }
}

/** Names are compared whole, so a NUL inside cannot cut one short; above ASCII they are no IA5 strings. */
export function decodeAscii(content: Buffer): string {
  if (content.some((octet) => octet > 0x7f)) throw new DerError('an alternative name is not ASCII');
  return content.toString('latin1');
}

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:/;
const COLON_FIRST = /^[^/?#]*:/;
/** What RFC 3986 allows in a URI, and no more: Go's reader refuses some of what others take. */
const URI_CHARACTERS = /^[A-Za-z0-9\-._~:/?#@!$&'()*+,;=%]*$/;
const ESCAPE = /%(?![0-9A-Fa-f]{2})/;
const USER = /^[A-Za-z0-9\-._~!$&'()*+,;=:]*$/;
const HOST = /^[A-Za-z0-9\-._]*$/;
const PORT = /^[0-9]*$/;

function parseUriHost(uri: string): string | undefined {
  const [scheme = ''] = SCHEME.exec(uri) ?? [];
  const isOpenStart = scheme === '' && COLON_FIRST.test(uri);
  if (isOpenStart || !URI_CHARACTERS.test(uri) || ESCAPE.test(uri)) throw malformedUri();
  const rest = uri.slice(scheme.length);
  if (!rest.startsWith('//')) return undefined;
  const end = rest.slice(2).search(/[/?#]/);
  const authority = end < 0 ? rest.slice(2) : rest.slice(2, 2 + end);
  const at = authority.lastIndexOf('@');
  const [host = '', port = '', ...more] = authority.slice(at + 1).split(':');
  const isReadable = USER.test(authority.slice(0, Math.max(0, at))) && HOST.test(host) && PORT.test(port);
  if (!isReadable || more.length > 0 || !isDomain(host)) throw malformedUri();
  return host === '' || ADDRESS.test(host) ? undefined : host.toLowerCase();
}

const ADDRESS = /^[0-9]+(?:\.[0-9]+){3}$/;

function malformedUri(): DerError {
  return new DerError('a URI among the alternative names is not readable');
}

/**
 * Whether Go takes it for a domain: visible ASCII, no empty label, no dot at the end. Nothing at all is one.
 *
 * @param use a constraint may start with a dot
 */
export function isDomain(text: string, use: 'name' | 'constraint' = 'name'): boolean {
  if (text === '') return true;
  const labels = (use === 'constraint' && text.startsWith('.') ? text.slice(1) : text).split('.');
  return labels.every((label) => /^[\x21-\x7e]+$/.test(label));
}

/** A mailbox as RFC 2821 writes it. */
export interface Mailbox {
  /** Without quotes and escapes. */
  readonly local: string;
  readonly domain: string;
}

const ATOM = /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.]$/;
/** Codes that a quoted local part may hold: no NUL, tab, line end, quote or backslash. */
const QUOTED: readonly Range[] = [
  [0x01, 0x08],
  [0x0b, 0x0c],
  [0x0e, 0x21],
  [0x23, 0x5b],
  [0x5d, 0x7f],
];
/** Codes that may follow a backslash in one. */
const ESCAPED: readonly Range[] = [
  [0x01, 0x09],
  [0x0b, 0x0c],
  [0x0e, 0x7f],
];

type Range = readonly [first: number, last: number];

function isIn(ranges: readonly Range[], code: number): boolean {
  return ranges.some(([first, last]) => code >= first && code <= last);
}

/** Undefined for what is no mailbox. */
export function parseMailbox(text: string): Mailbox | undefined {
  const read = text.startsWith('"') ? readQuoted(text) : readAtoms(text);
  if (read === undefined || text[read.end] !== '@') return undefined;
  const domain = text.slice(read.end + 1);
  return isDomain(domain) ? { local: read.local, domain } : undefined;
}

interface LocalPart {
  readonly local: string;
  readonly end: number;
}

function readQuoted(text: string): LocalPart | undefined {
  let local = '';
  for (let at = 1; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '"') return { local, end: at + 1 };
    const isEscape = character === '\\';
    const taken = isEscape ? text.charAt(++at) : character;
    if (!isIn(isEscape ? ESCAPED : QUOTED, taken.charCodeAt(0))) return undefined;
    local += taken;
  }
  return undefined;
}

/** Every escaped character is accepted, as by Go. */
function readAtoms(text: string): LocalPart | undefined {
  let local = '';
  let at = 0;
  for (; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '\\') {
      at++;
      if (at === text.length) return undefined;
      local += text.charAt(at);
    } else if (ATOM.test(character)) local += character;
    else break;
  }
  const isDotted = local.startsWith('.') || local.endsWith('.') || local.includes('..');
  return local === '' || isDotted ? undefined : { local, end: at };
}
