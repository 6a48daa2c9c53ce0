import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { InputError } from '../../../lib/base/errors/input-error.ts';
import { parseReference, repositoryHost } from '../../../lib/base/names/reference.ts';
import { findSpellingFault } from '../../../lib/base/names/scope.ts';

const host = fc
  .array(
    fc.constantFrom('a', 'A', 'quay', '.', '..', '-', '_', ':', '443', '0', '5000', 'io', 'docker', 'index', '*'),
    {
      maxLength: 8,
    },
  )
  .map((parts) => parts.join(''));
const scope = fc.oneof(
  fc.string(),
  fc
    .tuple(host, fc.constantFrom('', '/', '/a', '/A/b:T', `/a@sha256:${'A'.repeat(64)}`))
    .map((parts) => parts.join('')),
);

test('a canonical scope is canonical, and nothing behind the host changes', () => {
  fc.assert(
    fc.property(scope, (text) => {
      const [named = ''] = text.split('/');
      // What has two ports is no host, and loses one of them at a time.
      fc.pre(named.split(':').length <= 2 && !text.includes('://'));
      const canonical = toDemandedSpelling(text);
      expect(findSpellingFault(canonical)).toBeUndefined();
      const slash = text.indexOf('/');
      if (slash >= 0) expect(canonical.slice(canonical.indexOf('/'))).toBe(text.slice(slash));
    }),
    { numRuns: 20_000 },
  );
});

test('it is the spelling of the repositories that verdicts are about', () => {
  fc.assert(
    fc.property(host, (text) => {
      const repository = parse(`${text}/a/b`);
      if (repository?.endsWith('/a/b') !== true || repositoryHost(repository) === 'docker.io') return;
      expect(toDemandedSpelling(`${text}/a/b`)).toBe(repository);
    }),
    { numRuns: 20_000 },
  );
});

test.each([
  ['https://registry.example.com/shop', 'registry.example.com/shop'],
  ['HTTP://Registry.example.com:443/shop', 'registry.example.com/shop'],
  ['docker://docker.io/library', 'docker.io/library'],
])('a scope has no scheme: %s', (text, written) => {
  expect(findSpellingFault(text)).toBe(`${JSON.stringify(text)} has a scheme: write ${JSON.stringify(written)}`);
});

/** The scope that an operator is told to write; the text itself where there is no fault in it. */
function toDemandedSpelling(text: string): string {
  const fault = findSpellingFault(text);
  if (fault === undefined) return text;
  const demand = `the host in ${JSON.stringify(text)} is not in its canonical spelling: write `;
  expect(fault.slice(0, demand.length)).toBe(demand);
  return String(JSON.parse(fault.slice(demand.length)));
}

function parse(text: string) {
  try {
    return parseReference(text).repository;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}
