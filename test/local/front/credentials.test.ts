import { hash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { findByCertificate, findByToken, MAX_CREDENTIALS, parseCredentials } from '../../../local/front/credentials.ts';

const sha256 = (token: string): string => hash('sha256', token);

describe('--auth-token-file', () => {
  const text = `# who may ask\n\nreader:${sha256('one')}\n  operator:${sha256('two')} alice@example.com \r\noperator:cn=front-proxy\n`;
  const credentials = parseCredentials(text);

  test.each<[string, string, string | undefined]>([
    ['a reader’s token', 'one', `reader token ${sha256('one').slice(0, 8)}`],
    ['an operator’s, by name', 'two', 'operator alice@example.com'],
    ['another', 'three', undefined],
    ['a hash from the file', sha256('two'), undefined],
    ['nothing', '', undefined],
    ['one with a line feed', 'one\n', undefined],
  ])('%s', (_, token, expected) => {
    const caller = findByToken(token, credentials);
    expect(caller === undefined ? undefined : `${caller.role} ${caller.name}`).toBe(expected);
  });

  test('a certificate has the role of its name, and where none is named, a reader’s', () => {
    expect(findByCertificate('front-proxy', credentials)?.role).toBe('operator');
    expect(findByCertificate('front-proxy2', credentials)).toBeUndefined();
    expect(findByCertificate('anybody', undefined)?.role).toBe('reader');
    expect(findByCertificate('anybody', parseCredentials(`operator:${sha256('x')}`))?.role).toBe('reader');
  });

  test.each<[name: string, text: string, says: RegExp]>([
    ['nothing', '', /names nobody/],
    ['comments alone', '# reader\n\n', /names nobody/],
    ['a token itself', 'reader:secret-token', /line 1: expected ROLE:SHA256/],
    ['another role', `admin:${sha256('x')}`, /line 1: expected/],
    ['a role in capitals', `READER:${sha256('x')}`, /line 1: expected/],
    ['a hash in capitals', `reader:${sha256('x').toUpperCase()}`, /line 1: expected/],
    ['a short hash', `reader:${sha256('x').slice(1)}`, /line 1: expected/],
    ['the hash of nothing', `reader:${sha256('')}`, /line 1: this is the SHA-256 of no token/],
    ['a token twice', `reader:${sha256('x')}\noperator:${sha256('x')}`, /line 2: this token has a role already/],
    ['a name twice', 'reader:cn=a\noperator:cn=a', /line 2: this name has a role already/],
    ['a name with a separator', 'reader:cn=a,O=b', /line 1: expected/],
    [
      'too many',
      Array.from({ length: MAX_CREDENTIALS + 1 }, (_, index) => `reader:${sha256(String(index))}`).join('\n'),
      /line 1001: more than 1000/,
    ],
  ])('refuses %s, and repeats nothing of it', (_, given, says) => {
    let message = '';
    try {
      parseCredentials(given);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(says);
    expect(message).not.toContain('secret-token');
  });
});
