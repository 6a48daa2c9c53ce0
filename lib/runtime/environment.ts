import type { ProxyOptions } from '../http/proxy.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The proxy settings that outbound requests follow; lower-case names win, as in curl. */
export function readProxy(environment: Environment): ProxyOptions {
  return {
    httpsProxy: read(environment, 'HTTPS_PROXY'),
    httpProxy: read(environment, 'HTTP_PROXY'),
    noProxy: read(environment, 'NO_PROXY'),
  };
}

function read(environment: Environment, name: string): string | undefined {
  const value = environment[name.toLowerCase()] ?? environment[name];
  return value === '' ? undefined : value;
}
