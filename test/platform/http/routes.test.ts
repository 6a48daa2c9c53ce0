import { expect, test } from 'vitest';
import { createRoutes } from '../../../lib/platform/http/routes.ts';

const ROWS: readonly { name: string; noProxy: string; url: string; expected: boolean }[] = [
  { name: 'empty list', noProxy: '', url: 'https://a.example/', expected: false },
  { name: 'exact name', noProxy: 'a.example', url: 'https://a.example/', expected: true },
  { name: 'name in another case', noProxy: 'A.Example', url: 'https://a.EXAMPLE/', expected: true },
  { name: 'name with a final dot', noProxy: 'a.example', url: 'https://a.example./', expected: true },
  { name: 'subdomain of a plain name', noProxy: 'example', url: 'https://a.example/', expected: true },
  { name: 'end of a name without a dot', noProxy: 'ample', url: 'https://a.example/', expected: false },
  { name: '.suffix, subdomain', noProxy: '.example', url: 'https://a.example/', expected: true },
  { name: '.suffix, the domain itself', noProxy: '.a.example', url: 'https://a.example/', expected: false },
  { name: '*.suffix, subdomain', noProxy: '*.example', url: 'https://b.a.example/', expected: true },
  { name: '*.suffix, the domain itself', noProxy: '*.a.example', url: 'https://a.example/', expected: false },
  { name: 'everything', noProxy: 'b.example, *', url: 'https://a.example/', expected: true },
  { name: 'list with spaces', noProxy: ' b.example , a.example ', url: 'https://a.example/', expected: true },
  { name: 'port that fits', noProxy: 'a.example:8443', url: 'https://a.example:8443/', expected: true },
  { name: 'port that does not', noProxy: 'a.example:8443', url: 'https://a.example/', expected: false },
  { name: 'default port', noProxy: 'a.example:443', url: 'https://a.example/', expected: true },
  { name: 'address', noProxy: '10.0.0.1', url: 'http://10.0.0.1/', expected: true },
  { name: 'another address', noProxy: '10.0.0.1', url: 'http://10.0.0.11/', expected: false },
  { name: 'address with a port', noProxy: '10.0.0.1:8080', url: 'http://10.0.0.1:8080/', expected: true },
  { name: 'CIDR block', noProxy: '10.0.0.0/8', url: 'http://10.9.8.7/', expected: true },
  { name: 'outside of the CIDR block', noProxy: '10.0.0.0/8', url: 'http://11.0.0.1/', expected: false },
  { name: 'CIDR block and a name', noProxy: '10.0.0.0/8', url: 'http://a.example/', expected: false },
  { name: 'IPv6 address', noProxy: 'fd00::1', url: 'http://[fd00:0::1]/', expected: true },
  { name: 'IPv6 address with a port', noProxy: '[fd00::1]:8080', url: 'http://[fd00::1]:8080/', expected: true },
  { name: 'IPv6 CIDR block', noProxy: 'fd00::/8', url: 'http://[fd12::1]/', expected: true },
  { name: 'IPv4 block and IPv6 address', noProxy: '0.0.0.0/0', url: 'http://[fd12::1]/', expected: false },
];

const proxy = { httpsProxy: 'http://proxy.test:3128', httpProxy: 'http://proxy.test:3128' };
const lookup = (): never => {
  throw new Error('no name is looked up before a connection');
};

test.each(ROWS)('$name: straight $expected', ({ noProxy, url, expected }) => {
  const routes = createRoutes({ allowPrivateAddresses: true, proxy: { ...proxy, noProxy }, lookup });
  const { kind } = routes.chooseRoute(new URL(url));
  routes.close();
  const proxied = url.startsWith('https:') ? 'tunnel' : 'forward';
  expect(kind).toBe(expected ? 'direct' : proxied);
});
