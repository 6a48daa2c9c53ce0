import { describe, expect, test } from 'vitest';
import { InputError } from '../../../lib/base/errors/input-error.ts';
import { toPodAccess } from '../../../lib/cluster/api/api-access.ts';
import { type KubeconfigFile, parseKubeconfig } from '../../../lib/cluster/api/kubeconfig.ts';

const PEM = '-----BEGIN CERTIFICATE-----\n';
const DATA = Buffer.from(PEM).toString('base64');

interface Parts {
  readonly cluster?: object;
  readonly user?: object;
  readonly more?: object;
}

function toFile({ cluster = {}, user = {}, more = {} }: Parts, file: string = '/home/a/.kube/config'): KubeconfigFile {
  const content = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'one',
    clusters: [{ name: 'one', cluster: { server: 'https://api.example.com:6443', ...cluster } }],
    contexts: [{ name: 'one', context: { cluster: 'one', user: 'me' } }],
    users: [{ name: 'me', user }],
    ...more,
  };
  return { file, bytes: Buffer.from(JSON.stringify(content)) };
}

describe('a kubeconfig', () => {
  test.each<[name: string, parts: Parts, expected: object]>([
    ['with a token', { user: { token: 'abc' } }, { token: { kind: 'text', token: 'abc' }, certificate: undefined }],
    [
      'with a token file beside it, which counts more than a token',
      { user: { token: 'abc', tokenFile: 'token' } },
      { token: { kind: 'file', file: '/home/a/.kube/token' } },
    ],
    [
      'with a client certificate, in it and beside it',
      { user: { 'client-certificate-data': DATA, 'client-key': '/etc/key.pem' } },
      { certificate: { cert: { kind: 'text', pem: PEM }, key: { kind: 'file', file: '/etc/key.pem' } } },
    ],
    [
      'with authorities, whose text counts more than their file',
      { cluster: { 'certificate-authority': 'ca.pem', 'certificate-authority-data': DATA } },
      { authorities: { kind: 'text', pem: PEM } },
    ],
    ['with nothing but a server', {}, { authorities: undefined, token: undefined, certificate: undefined }],
    ['with a path in its server', { cluster: { server: 'https://a.example/k8s/clusters/c' } }, {}],
  ])('%s', (_, parts, expected) => {
    expect(parseKubeconfig([toFile(parts)])).toMatchObject(expected);
  });

  test.each<[name: string, parts: Parts, says: string]>([
    ['a program for credentials', { user: { exec: { command: 'aws' } } }, 'runs a program (exec)'],
    ['an auth provider', { user: { 'auth-provider': { name: 'gcp' } } }, 'auth-provider'],
    ['a password', { user: { username: 'a', password: 'S3CRET' } }, 'password'],
    ['another user', { user: { token: 'S3CRET', as: 'admin' } }, 'impersonates'],
    ['no check of the server', { cluster: { 'insecure-skip-tls-verify': true } }, 'insecure-skip-tls-verify'],
    ['another name of the server', { cluster: { 'tls-server-name': 'x' } }, 'tls-server-name'],
    ['a proxy of its own', { cluster: { 'proxy-url': 'http://p' } }, 'HTTPS_PROXY'],
    ['a server without TLS', { cluster: { server: 'http://a.example' } }, 'not an https:// address'],
    ['a server with a password', { cluster: { server: 'https://u:S3CRET@a.example' } }, 'not an https:// address'],
    ['a certificate without a key', { user: { 'client-certificate': 'a' } }, 'needs its key'],
    ['a key without a certificate', { user: { 'client-key': 'a' } }, 'needs its key'],
    ['data that is not base64', { user: { 'client-key-data': 'S3CRET!', 'client-certificate': 'a' } }, 'not base64'],
    ['no such user', { more: { users: [] } }, 'there is no user "me"'],
    ['no such cluster', { more: { clusters: null } }, 'there is no cluster "one"'],
    ['no such context', { more: { 'current-context': 'two' } }, 'no context "two"'],
    ['no current context', { more: { 'current-context': '' } }, 'choose one with --context'],
    ['another kind', { more: { kind: 'Secret' } }, 'kind'],
    ['a server that is no text', { cluster: { server: 7 } }, 'server'],
  ])('with %s is refused, and no credential is repeated', (_, parts, says) => {
    const parse = () => parseKubeconfig([toFile(parts)]);
    expect(parse).toThrow(InputError);
    expect(parse).toThrow(says);
    expect(parse).not.toThrow('S3CRET');
  });

  test('of several, the first that says something of a name counts', () => {
    const first = toFile({ user: { token: 'first' }, more: { 'current-context': '', clusters: [] } }, '/a/config');
    const second = toFile({ user: { token: 'second' }, cluster: { server: 'https://b.example' } }, '/b/config');
    const { server, token, origin } = parseKubeconfig([first, second]);
    expect([server.href, token, origin]).toEqual([
      'https://b.example/',
      { kind: 'text', token: 'first' },
      'context one of /a/config',
    ]);
  });

  test('in YAML, by a context that is named', () => {
    const yaml = `kind: Config
current-context: other
clusters: [{ name: c, cluster: { server: "https://a.example", certificate-authority: ca.crt } }]
contexts: [{ name: mine, context: { cluster: c } }]
`;
    const access = parseKubeconfig([{ file: 'config', bytes: Buffer.from(yaml) }], 'mine');
    expect(access.authorities).toEqual({ kind: 'file', file: expect.stringMatching(/\/ca\.crt$/) as unknown });
  });
});

test.each([
  ['10.0.0.1', '443', 'https://10.0.0.1/'],
  ['fd00::1', '6443', 'https://[fd00::1]:6443/'],
])('a pod asks the API server that its environment names, %s', (host, port, href) => {
  const { server, token, authorities } = toPodAccess(host, port);
  expect([server.href, token, authorities]).toEqual([
    href,
    { kind: 'file', file: '/var/run/secrets/kubernetes.io/serviceaccount/token' },
    { kind: 'file', file: '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt' },
  ]);
});
