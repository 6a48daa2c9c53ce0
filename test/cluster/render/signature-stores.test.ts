import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../../lib/base/errors/input-error.ts';
import { MAX_SIGNATURE_STORES, toSignatureStores } from '../../../lib/cluster/render/signature-stores.ts';
import { parseClusterVersion } from '../../../lib/trust/documents/cluster-settings.ts';
import { parseTrustFile } from '../../../lib/trust/documents/parse-trust-file.ts';

const many = (count: number) => Array.from({ length: count }, (_, index) => `https://mirror.example/${index}`);

/** The stores that Signet's own reader finds in a ClusterVersion with this patch. */
function readBack(patch: object): readonly string[] {
  const clusterVersion = {
    apiVersion: 'config.openshift.io/v1',
    kind: 'ClusterVersion',
    metadata: { name: 'version' },
    ...patch,
  };
  const [document] = parseTrustFile({ name: 'version.json', bytes: Buffer.from(JSON.stringify(clusterVersion)) });
  if (document === undefined) throw new Error('no document');
  return parseClusterVersion(document).stores?.map(({ url }) => url) ?? [];
}

describe('accepted, and read back', () => {
  test.each<[name: string, urls: readonly string[], expected: readonly string[]]>([
    ['one', ['https://mirror.example/signatures'], ['https://mirror.example/signatures']],
    [
      'several, in their order',
      ['https://b.example', 'http://a.example:8080/x'],
      ['https://b.example', 'http://a.example:8080/x'],
    ],
    ['a final slash', ['HTTPS://mirror.example/signatures/'], ['https://mirror.example/signatures']],
    ['an IPv6 address', ['http://[fd00::1]:8080/s'], ['http://[fd00::1]:8080/s']],
    ['as many as there may be', many(MAX_SIGNATURE_STORES), many(MAX_SIGNATURE_STORES)],
  ])('%s', (_, urls, expected) => {
    const { patch, warnings } = toSignatureStores(urls);
    expect(readBack(patch)).toEqual(expected);
    expect(warnings.join('\n')).toMatch(/Technology Preview.*replaces the default stores.*empty list/s);
  });

  test('a ca, with the warning that it does nothing', () => {
    const { patch, warnings } = toSignatureStores(many(2), { ca: 'my-ca' });
    expect(patch.spec.signatureStores.map(({ ca }) => ca?.name)).toEqual(['my-ca', 'my-ca']);
    expect(warnings.join('\n')).toContain('ignore ca');
    expect(toSignatureStores(many(1)).warnings.join('\n')).not.toContain('ignore ca');
  });

  test('a shell hands the patch on as it is', () => {
    const { patch, command } = toSignatureStores(["https://mirror.example/it's;$(id)&x"]);
    const script = `oc() { printf '%s\\n' "$@"; }; ${command}`;
    const words = execFileSync('sh', ['-c', script], { encoding: 'utf8' }).trimEnd().split('\n');
    expect(words.slice(0, -1)).toEqual(['patch', 'clusterversion', 'version', '--type', 'merge', '--patch']);
    expect(JSON.parse(words.at(-1) ?? '')).toEqual(patch);
  });
});

describe('refused', () => {
  const secret = 'hunter2';
  test.each<[name: string, urls: readonly string[], ca: string | undefined, message: string]>([
    ['none', [], undefined, 'treats an empty spec.signatureStores as an error'],
    ['one too many', many(MAX_SIGNATURE_STORES + 1), undefined, 'at most 32'],
    ['the same twice', ['https://a.example/s', 'https://a.example/s/'], undefined, 'given twice'],
    ['no scheme', ['mirror.example/signatures'], undefined, 'URL 1: a store must be a URL'],
    ['a path', ['https://a.example', '/signatures'], undefined, 'URL 2: a store must be a URL'],
    ['a file', ['file:///signatures'], undefined, 'must be http:// or https://'],
    ['another scheme', ['ftp://a.example'], undefined, 'a store must be a URL'],
    ['no host', ['https:///signatures'], undefined, 'a valid host'],
    ['empty', [''], undefined, 'a store must be a URL'],
    ['a user', [`https://user:${secret}@a.example/`], undefined, 'user or password'],
    ['a query', [`https://a.example/?token=${secret}`], undefined, 'query or fragment'],
    ['a fragment', [`https://a.example/#${secret}`], undefined, 'query or fragment'],
    ['a line break', ['https://a.example/\nx'], undefined, 'odd characters'],
    ['a ca that no ConfigMap can be called', many(1), 'My_CA', 'is not a name'],
    ['an empty ca', many(1), '', 'is not a name'],
    ['a ca that is too long', many(1), 'a'.repeat(254), 'is not a name'],
  ])('%s', (_, urls, ca, message) => {
    const attempt = () => toSignatureStores(urls, { ca });
    expect(attempt).toThrow(InputError);
    expect(attempt).toThrow(message);
    expect(attempt).not.toThrow(secret);
  });
});
