import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { InputError } from '../lib/base/errors/input-error.ts';

/** The names under which a service may be asked. */
export interface AskedNames {
  /** Every IP address is: the service listens on all of them, and no DNS name can stand for an address. */
  readonly anyAddress: boolean;
  /** As `URL` spells a host name. */
  readonly names: ReadonlySet<string>;
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
const EVERY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '[::]']);

/**
 * The names of the address that is listened on, and those that the operator gives it.
 *
 * @param host an address or a name to listen on
 * @throws InputError `ArgumentInvalid` for a public name that is no host name
 */
export function toAskedNames(host: string, publicNames: readonly string[]): AskedNames {
  const bound = toBound(host);
  const anyAddress = EVERY_ADDRESS.has(bound);
  const named = publicNames.map(parsePublicName);
  return { anyAddress, names: new Set([bound, ...(isLoopback(host) || anyAddress ? LOOPBACK : []), ...named]) };
}

/** Whether only this machine can reach an address that is listened on. A name is, if it is `localhost`. */
export function isLoopback(host: string): boolean {
  const bound = toBound(host);
  return LOOPBACK.includes(bound) || (isIP(bound) === 4 && bound.startsWith('127.'));
}

function toBound(host: string): string {
  return toHostname(isIP(host) === 6 ? `[${host}]` : host) ?? host;
}

function parsePublicName(text: string): string {
  const name = toHostname(text);
  if (name !== undefined && name === text.toLowerCase()) return name;
  const expected = 'a host name without scheme, port or path, such as signet.example.com';
  throw new InputError('ArgumentInvalid', `--public-name takes ${expected}, not ${JSON.stringify(text)}`);
}

/**
 * What is wrong with who asks, and for what: a browser that a foreign page made ask sends the name of that page. A name
 * in `Host` that is not this service's is how a page gets past the browser's own rule, by a DNS name that it points here.
 *
 * @param isPublic reads that every page may make: `Origin` does not count
 * @returns undefined if nothing is
 */
export function findForeignName(
  { host = '', origin }: IncomingHttpHeaders,
  { anyAddress, names }: AskedNames,
  isPublic: boolean,
): string | undefined {
  const name = toHostname(host);
  if (name === undefined || !(names.has(name) || (anyAddress && isAddress(name)))) {
    return `the service is not called ${JSON.stringify(host)}; its operator can name it with --public-name`;
  }
  if (isPublic || origin === undefined || toHost(origin) === toHost(`http://${host}`)) return undefined;
  return `a page of ${JSON.stringify(origin)} may not ask`;
}

function isAddress(hostname: string): boolean {
  return isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
}

/** What `Host` said lately: a service has few names, and a caller may write any. */
const hostnames = new Map<string, string | undefined>();
const MAX_HOSTNAMES = 100;
const MAX_REMEMBERED_LENGTH = 300;

/** Of `host[:port]`, as a browser compares it; undefined for anything else. */
function toHostname(host: string): string | undefined {
  const known = hostnames.get(host);
  if (known !== undefined || hostnames.has(host)) return known;
  const hostname = parseHostname(host);
  if (hostnames.size >= MAX_HOSTNAMES) hostnames.clear();
  if (host.length <= MAX_REMEMBERED_LENGTH) hostnames.set(host, hostname);
  return hostname;
}

function parseHostname(host: string): string | undefined {
  const url = URL.parse(`http://${host}`);
  const isHost = url?.pathname === '/' && url.username === '' && url.password === '' && !/[/?#@\\]/.test(host);
  return isHost ? url.hostname : undefined;
}

/** Host and port of a URL. The scheme is left out: a proxy in front may have ended TLS. */
function toHost(url: string): string | undefined {
  const parsed = URL.parse(url);
  return parsed?.protocol === 'http:' || parsed?.protocol === 'https:' ? parsed.host : undefined;
}
