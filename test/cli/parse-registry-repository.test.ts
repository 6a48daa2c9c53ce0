import { expect, test } from 'vitest';
import { parseRegistryRepository } from '../../cli/open/registries.ts';

test.each([
  ['mirror.example.com/a', 'mirror.example.com/a'],
  ['localhost:5000/a/b', 'localhost:5000/a/b'],
  ['localhost/a', 'localhost/a'],
])('%s', (text, repository) => {
  expect(parseRegistryRepository(text)).toBe(repository);
});

test.each(['mirror.example.com', 'library/busybox', 'busybox', 'mirror.example.com:5000', ''])(
  '%j is not taken for a repository of Docker Hub',
  (text) => {
    expect(() => parseRegistryRepository(text)).toThrow(expect.objectContaining({ code: 'PullspecInvalid' }));
  },
);
