import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { SecureContext } from 'node:tls';
import ipaddr from 'ipaddr.js';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { type AddressRules, checkUrlHost, isWithin } from './address-rules.ts';
import { createTlsTrust } from './tls-trust.ts';
import { createTunnelAgent, type ForwardProxy } from './tunnel-agent.ts';

/** How one request reaches its host. */
export type Route =
  | { readonly kind: 'direct'; readonly agent: HttpAgent }
  | { readonly kind: 'forward'; readonly agent: HttpAgent; readonly proxy: ForwardProxy }
  | { readonly kind: 'tunnel'; readonly agent: HttpAgent };

interface Routes {
  /** @throws StoreError `AddressRefused` for a literal address that may not be contacted. */
  chooseRoute(url: URL): Route;
  close(): void;
}

/** As the environment has them; an empty string is as good as none. */
export interface ProxyOptions {
  readonly httpsProxy?: string | undefined;
  readonly httpProxy?: string | undefined;
  readonly noProxy?: string | undefined;
}

interface RouteOptions extends AddressRules {
  readonly ca?: string | undefined;
  /** Stands in place of the platform's authorities and `ca`: for a server that is known by its own alone. */
  readonly secureContext?: SecureContext | undefined;
  readonly proxy?: ProxyOptions | undefined;
  readonly lookup: LookupFunction;
}

/**
 * The connections of one client, kept alive between requests. Through a proxy only literal addresses of targets can
 * be checked: the proxy resolves names, and what it may reach is its operator's to decide.
 *
 * @throws ConfigurationError `DocumentInvalid` when a proxy is not an http:// or https:// URL
 */
export function createRoutes(options: RouteOptions): Routes {
  const { ca } = options;
  // Without either: Node's own default.
  const tlsTrust = options.secureContext ?? (ca === undefined ? undefined : createTlsTrust(ca));
  const tls = tlsTrust === undefined ? {} : { secureContext: tlsTrust };
  const chooseProxy = createProxyChooser(options.proxy ?? {});
  const { lookup } = options;
  // Each is made when a request needs it: whoever contacts nobody never loads HTTP.
  const agents = new Map<Route['kind'] | 'direct TLS', HttpAgent>();

  function openAgent(kind: Route['kind'] | 'direct TLS', create: () => HttpAgent): HttpAgent {
    const agent = agents.get(kind) ?? create();
    agents.set(kind, agent);
    return agent;
  }

  function openDirect(isTls: boolean): HttpAgent {
    return isTls
      ? openAgent('direct TLS', () => new HttpsAgent({ keepAlive: true, lookup, ...tls }))
      : openAgent('direct', () => new HttpAgent({ keepAlive: true, lookup }));
  }

  function createProxyAgent(kind: 'forward' | 'tunnel', proxy: ForwardProxy): HttpAgent {
    if (kind === 'tunnel') return createTunnelAgent(proxy, tlsTrust);
    return proxy.isTls ? new HttpsAgent({ keepAlive: true, ...tls }) : new HttpAgent({ keepAlive: true });
  }

  return {
    chooseRoute(url) {
      checkUrlHost(url, options);
      const proxy = chooseProxy(url);
      if (proxy === undefined) {
        return { kind: 'direct', agent: openDirect(url.protocol === 'https:') };
      }
      if (url.protocol === 'https:')
        return { kind: 'tunnel', agent: openAgent('tunnel', () => createProxyAgent('tunnel', proxy)) };
      return { kind: 'forward', agent: openAgent('forward', () => createProxyAgent('forward', proxy)), proxy };
    },
    close() {
      for (const agent of agents.values()) agent.destroy();
    },
  };
}

/** The proxy that a URL goes through, or undefined for a direct connection. */
type ChooseProxy = (url: URL) => ForwardProxy | undefined;

function createProxyChooser({ httpsProxy, httpProxy, noProxy }: ProxyOptions): ChooseProxy {
  const proxies = { 'https:': parseProxy('HTTPS_PROXY', httpsProxy), 'http:': parseProxy('HTTP_PROXY', httpProxy) };
  return (url) => {
    const proxy = url.protocol === 'https:' ? proxies['https:'] : proxies['http:'];
    return proxy === undefined || matchesNoProxy(url, noProxy ?? '') ? undefined : proxy;
  };
}

function parseProxy(name: string, text: string | undefined): ForwardProxy | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const url = URL.parse(text.includes('://') ? text.trim() : `http://${text.trim()}`);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '') {
    throw new ConfigurationError('DocumentInvalid', `${name} is not an http:// or https:// URL of a proxy`);
  }
  const isTls = url.protocol === 'https:';
  const fallbackPort = isTls ? 443 : 80;
  return {
    isTls,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? fallbackPort : Number(url.port),
    authorization: toBasicAuthorization(name, url),
  };
}

function toBasicAuthorization(name: string, url: URL): string | undefined {
  if (url.username === '' && url.password === '') return undefined;
  try {
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    return `Basic ${Buffer.from(credentials).toString('base64')}`;
  } catch (cause) {
    throw new ConfigurationError('DocumentInvalid', `${name} has a user or password with a broken % escape`, { cause });
  }
}

/**
 * Whether NO_PROXY sends a URL straight to its host. Comma-separated entries, read as Go's tools read them: a name
 * covers itself and its subdomains, `.name` and `*.name` the subdomains alone, `*` everything; `name:port` only that
 * port; an address or CIDR block literal addresses in whichever spelling.
 */
function matchesNoProxy(url: URL, noProxy: string): boolean {
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
