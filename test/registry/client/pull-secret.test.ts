import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import { type Credential, parsePullSecret } from '../../../lib/registry/client/pull-secret.ts';
import { toShownText } from './registry-setup.ts';

const encode = (text: string) => Buffer.from(text).toString('base64');
const auth = (text: string) => ({ auth: encode(text) });

function show(credential: Credential | undefined): string {
  if (credential === undefined) return 'none';
  if (credential.kind === 'identityToken') return `token ${credential.toToken()}`;
  return Buffer.from(credential.toAuthorization().replace('Basic ', ''), 'base64').toString();
}

function find(auths: Readonly<Record<string, unknown>>, repository: string): string {
  return show(parsePullSecret(JSON.stringify({ auths })).findCredential(parseRepository(repository)));
}

function failure(text: string): unknown {
  try {
    return parsePullSecret(text);
  } catch (error) {
    return error;
  }
}

describe('the entry for a repository', () => {
  const layered = {
    'r.test': auth('host:1'),
    'r.test/a': auth('namespace:1'),
    'r.test/a/b': auth('repository:1'),
    'r.test:5000': auth('port:1'),
  };
  test.each([
    { name: 'of the repository itself', auths: layered, of: 'r.test/a/b', expected: 'repository:1' },
    { name: 'of what lies below it', auths: layered, of: 'r.test/a/b/c', expected: 'repository:1' },
    { name: 'of the namespace', auths: layered, of: 'r.test/a/bc', expected: 'namespace:1' },
    { name: 'of the host', auths: layered, of: 'r.test/ab/b', expected: 'host:1' },
    { name: 'of the host with the port', auths: layered, of: 'r.test:5000/a/b', expected: 'port:1' },
    { name: 'of another port', auths: layered, of: 'r.test:5001/a/b', expected: 'none' },
    { name: 'of a sub-domain', auths: layered, of: 'x.r.test/a/b', expected: 'none' },
    { name: 'in another case', auths: { 'R.Test': auth('u:p') }, of: 'r.test/a', expected: 'u:p' },
    { name: 'with a scheme', auths: { 'https://r.test': auth('u:p') }, of: 'r.test/a', expected: 'u:p' },
    {
      name: 'with a scheme and an API path',
      auths: { 'https://r.test/v2/': auth('u:p') },
      of: 'r.test/a',
      expected: 'u:p',
    },
    { name: 'with a scheme and a path', auths: { 'https://r.test/a': auth('u:p') }, of: 'r.test/b', expected: 'none' },
    {
      name: 'plain before one with a scheme',
      auths: { 'https://r.test': auth('u:1'), 'r.test': auth('u:2') },
      of: 'r.test/a',
      expected: 'u:2',
    },
    {
      name: 'of Docker Hub, as docker login writes it',
      auths: { 'https://index.docker.io/v1/': auth('u:p') },
      of: 'alpine',
      expected: 'u:p',
    },
    {
      name: 'of Docker Hub’s API',
      auths: { 'registry-1.docker.io': auth('u:p') },
      of: 'docker.io/a/b',
      expected: 'u:p',
    },
    { name: 'of a namespace of Docker Hub', auths: { 'docker.io/team': auth('u:p') }, of: 'team/app', expected: 'u:p' },
    {
      name: 'empty, which hides the wider one',
      auths: { 'r.test': auth('u:p'), 'r.test/a': {} },
      of: 'r.test/a/b',
      expected: 'none',
    },
    { name: 'with a colon in the password', auths: { 'r.test': auth('u:p:q') }, of: 'r.test/a', expected: 'u:p:q' },
    { name: 'padded with zero bytes', auths: { 'r.test': auth('u:p\0\0') }, of: 'r.test/a', expected: 'u:p' },
    {
      name: 'with user and password',
      auths: { 'r.test': { username: 'u', password: 'p' } },
      of: 'r.test/a',
      expected: 'u:p',
    },
    {
      name: 'with both, the same',
      auths: { 'r.test': { ...auth('u:p'), username: 'u', password: 'p', email: 'x' } },
      of: 'r.test/a',
      expected: 'u:p',
    },
    {
      name: 'with an identity token',
      auths: { 'r.test': { ...auth('<token>:'), identitytoken: 't' } },
      of: 'r.test/a',
      expected: 'token t',
    },
  ])('$name: $expected', ({ auths, of, expected }) => {
    expect(find(auths, of)).toBe(expected);
  });

  test('there is none in a file without auths', () => {
    expect(show(parsePullSecret('{"credsStore":"x"}').findCredential(parseRepository('r.test/a')))).toBe('none');
  });
});

describe('a file that is refused, with nothing of it shown', () => {
  const secret = 'hunter2';
  const withAuths = (auths: unknown) => JSON.stringify({ auths });
  test.each([
    { name: 'no JSON', text: `{"auths":{"r.test":{"auth":${secret}}}}`, expected: 'DocumentInvalid' },
    { name: 'a list', text: `["${secret}"]`, expected: 'DocumentInvalid' },
    { name: 'auths that are a list', text: withAuths([secret]), expected: 'DocumentInvalid' },
    { name: 'a member twice', text: `{"auths":{"${secret}.test":{},"${secret}.test":{}}}`, expected: 'DuplicateKey' },
    {
      name: 'one host in two cases',
      text: withAuths({ 'r.test': auth(`u:${secret}`), 'R.test': {} }),
      expected: 'DuplicateKey',
    },
    { name: 'an entry that is a string', text: withAuths({ 'r.test': secret }), expected: 'DocumentInvalid' },
    {
      name: 'an auth that is a number',
      text: withAuths({ 'r.test': { auth: 7, password: secret } }),
      expected: 'DocumentInvalid',
    },
    {
      name: 'an auth that is not base64',
      text: withAuths({ 'r.test': { auth: `${secret}!` } }),
      expected: 'DocumentInvalid',
    },
    { name: 'an auth without a colon', text: withAuths({ 'r.test': auth(secret) }), expected: 'DocumentInvalid' },
    {
      name: 'an auth that is not text',
      text: withAuths({ 'r.test': { auth: '/zr/Ov8=' } }),
      expected: 'DocumentInvalid',
    },
    { name: 'no user', text: withAuths({ 'r.test': auth(`:${secret}`) }), expected: 'DocumentInvalid' },
    {
      name: 'a user with a colon',
      text: withAuths({ 'r.test': { username: 'a:b', password: secret } }),
      expected: 'DocumentInvalid',
    },
    {
      name: 'two passwords',
      text: withAuths({ 'r.test': { ...auth('u:p'), username: 'u', password: secret } }),
      expected: 'DocumentInvalid',
    },
    { name: 'a key with a user', text: withAuths({ [`https://u:${secret}@r.test`]: {} }), expected: 'DocumentInvalid' },
    { name: 'a key with a tag', text: withAuths({ 'r.test/a:tag': auth(`u:${secret}`) }), expected: 'DocumentInvalid' },
    {
      name: 'a key that is a wildcard',
      text: withAuths({ '*.r.test': auth(`u:${secret}`) }),
      expected: 'DocumentInvalid',
    },
    { name: 'a key that is no host', text: withAuths({ '': auth(`u:${secret}`) }), expected: 'DocumentInvalid' },
  ])('$name: $expected', ({ text, expected }) => {
    const error = failure(text);
    expect(error instanceof ConfigurationError ? error.code : error).toBe(expected);
    expect(toShownText(error)).not.toContain(secret);
    expect(toShownText(error)).not.toContain(encode(`u:${secret}`));
  });
});

test('neither a pull secret nor a credential shows a secret when it is printed', () => {
  const pullSecret = parsePullSecret(JSON.stringify({ auths: { 'r.test': auth('user:hunter2') } }));
  const credential = pullSecret.findCredential(parseRepository('r.test/a'));
  for (const value of [pullSecret, credential]) {
    const shown = inspect(value, { depth: 10, showHidden: true }) + JSON.stringify(value);
    expect(shown).not.toMatch(/hunter2|dXNlcjpodW50ZXIy/);
  }
});
