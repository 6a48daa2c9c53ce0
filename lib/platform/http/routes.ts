import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { LookupFunction } from 'node:net';
import { type AddressRules, checkUrlHost } from './address-rules.ts';
import { type ChooseProxy, createProxyChooser, type ForwardProxy, type ProxyOptions } from './proxy.ts';
import { createTlsTrust } from './tls-trust.ts';
import { createTunnelAgent } from './tunnel-agent.ts';

/** How one request reaches its host. */
export type Route =
  | { readonly kind: 'direct'; readonly agent: HttpAgent }
  | { readonly kind: 'forward'; readonly agent: HttpAgent; readonly proxy: ForwardProxy }
  | { readonly kind: 'tunnel'; readonly agent: HttpAgent };

export interface Routes {
  /** @throws StoreError `AddressRefused` for a literal address that may not be contacted. */
  chooseRoute(url: URL): Route;
  close(): void;
}

interface RouteOptions extends AddressRules {
  readonly ca?: string | undefined;
  readonly proxy?: ProxyOptions | undefined;
  readonly lookup: LookupFunction;
}

/**
 * The connections of one client, kept alive between requests. Through a proxy only literal addresses of targets can
 * be checked: the proxy resolves names, and what it may reach is its operator's to decide.
 */
export function createRoutes(options: RouteOptions): Routes {
  const tlsTrust = createTlsTrust(options.ca);
  const tls = tlsTrust === undefined ? {} : { secureContext: tlsTrust };
  const chooseProxy: ChooseProxy = createProxyChooser(options.proxy ?? {});
  const direct = {
    http: new HttpAgent({ keepAlive: true, lookup: options.lookup }),
    https: new HttpsAgent({ keepAlive: true, lookup: options.lookup, ...tls }),
  };
  const proxied = new Map<string, HttpAgent>();

  function proxyAgent(kind: 'forward' | 'tunnel', proxy: ForwardProxy): HttpAgent {
    const agent = proxied.get(kind) ?? createProxyAgent(kind, proxy);
    proxied.set(kind, agent);
    return agent;
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
        return { kind: 'direct', agent: url.protocol === 'https:' ? direct.https : direct.http };
      }
      if (url.protocol === 'https:') return { kind: 'tunnel', agent: proxyAgent('tunnel', proxy) };
      return { kind: 'forward', agent: proxyAgent('forward', proxy), proxy };
    },
    close() {
      for (const agent of [direct.http, direct.https, ...proxied.values()]) agent.destroy();
    },
  };
}
