import ipaddr from 'ipaddr.js';
import { isWithin } from './address-rules.ts';

/**
 * Whether NO_PROXY sends a URL straight to its host. Comma-separated entries, read as Go's tools read them: a name
 * covers itself and its subdomains, `.name` and `*.name` the subdomains alone, `*` everything; `name:port` only that
 * port; an address or CIDR block literal addresses in whichever spelling.
 */
export function matchesNoProxy(url: URL, noProxy: string): boolean {
  const host = url.hostname.replace(/^\[|\]$|\.$/g, '').toLowerCase();
  const port = url.port === '' ? defaultPort(url) : url.port;
  return noProxy
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== '' && matchesEntry(entry, host, port));
}

function matchesEntry(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  if (ipaddr.isValidCIDR(entry)) return ipaddr.isValid(host) && isWithin(ipaddr.parse(host), ipaddr.parseCIDR(entry));
  const { name, onlyPort } = splitPort(entry);
  if (onlyPort !== undefined && onlyPort !== port) return false;
  if (ipaddr.isValid(name)) return ipaddr.isValid(host) && isSameAddress(name, host);
  const suffix = name.startsWith('*.') ? name.slice(1) : name;
  return suffix.startsWith('.') ? host.endsWith(suffix) : host === suffix || host.endsWith(`.${suffix}`);
}

function splitPort(entry: string): { readonly name: string; readonly onlyPort: string | undefined } {
  const bracketed = /^\[([^\]]+)\](?::([0-9]+))?$/.exec(entry);
  if (bracketed !== null) return { name: bracketed[1] ?? '', onlyPort: bracketed[2] };
  const plain = /^([^:]+):([0-9]+)$/.exec(entry);
  return { name: plain?.[1] ?? entry, onlyPort: plain?.[2] };
}

function isSameAddress(left: string, right: string): boolean {
  return ipaddr.process(left).toNormalizedString() === ipaddr.process(right).toNormalizedString();
}

function defaultPort(url: URL): string {
  return url.protocol === 'https:' ? '443' : '80';
}
