import { describe, expect, test } from 'vitest';
import { parseStoreUrl } from '../../../lib/base/names/store-url.ts';

describe('accepted', () => {
  test.each([
    ['a host alone', 'https://s.example', 'https://s.example'],
    ['final slashes', 'https://s.example/p//', 'https://s.example/p'],
    ['white space around', '  https://s.example/p\n\n', 'https://s.example/p'],
    ['an upper-case scheme', 'HTTPS://S.example/P', 'https://S.example/P'],
    ['http with a port', 'http://[::1]:8080/x', 'http://[::1]:8080/x'],
    ['an equals sign and percent encoding', 'https://s.example/a=b%20c', 'https://s.example/a=b%20c'],
    ['an @ in the path', 'https://s.example/a@b', 'https://s.example/a@b'],
    ['an @ in a local path', 'file:///srv/a@b', 'file:///srv/a@b'],
    ['a local path', 'file:///srv/signatures/', 'file:///srv/signatures'],
    [
      'a relative local path, as written',
      'file://../verify/testdata/signatures',
      'file://../verify/testdata/signatures',
    ],
  ])('%s', (_name, text, expected) => {
    expect(parseStoreUrl(text)).toBe(expected);
  });
});

describe('refused', () => {
  test.each([
    ['nothing', '', 'scheme'],
    ['a path', '/srv/signatures', 'scheme'],
    ['another scheme', 'ftp://s.example', 'scheme'],
    ['a scheme inside', 'x https://s.example', 'scheme'],
    ['one slash', 'https:/s.example', 'scheme'],
    ['no host', 'https://', 'host'],
    ['no host but a path', 'https:///p', 'host'],
    ['a port without a host', 'https://:443/p', 'host'],
    ['a port out of range', 'https://s.example:99999', 'host'],
    ['no local path', 'file:///', 'host or path'],
    ['a user', 'https://u@s.example', 'user'],
    ['a user and password', 'https://u:p@s.example/x', 'user'],
    ['a user of a file', 'file://u@host/x', 'user'],
    ['a user and password of a file', 'file://u:p@host/x', 'user'],
    ['an escaped user', 'https://u:p%40s.example/x', 'user'],
    ['an escaped user of a file', 'file://u:p%40host', 'user'],
    ['a query', 'https://s.example/?a', 'query'],
    ['an empty query', 'https://s.example/?', 'query'],
    ['a fragment', 'https://s.example/#', 'query'],
    ['a local query', 'file:///a?b', 'query'],
    ['a space', 'https://s.example/a b', 'odd'],
    ['a backslash', 'https://s.example\\@evil.example', 'odd'],
    ['a line feed', 'https://s.exa\nmple', 'odd'],
    ['other letters', 'https://s.ex\u00e4mple', 'odd'],
  ])('%s', (_name, text, reason) => {
    expect(() => parseStoreUrl(text)).toThrow(reason);
  });

  test.each([
    'https://u:secret@s.example',
    'https://u:secret@s.example?a',
    'https://u:secret@s example',
    'https:\\\\u:secret@s.example',
    'ftp://u:secret@s.example',
    'file://u:secret@host/x',
  ])('%s, without repeating the password', (text) => {
    expect(() => parseStoreUrl(text)).toThrow(/^(?!.*secret)/);
  });
});
