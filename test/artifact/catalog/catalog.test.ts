import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { checkCatalog } from '../../../lib/artifact/catalog/check-catalog.ts';
import { createImageVerifier, type ImageVerifier } from '../../../lib/artifact/catalog/create-image-verifier.ts';
import { parseCatalog } from '../../../lib/artifact/catalog/parse-catalog.ts';
import { type ImageJudgement, toVerification } from '../../../lib/artifact/catalog/verification.ts';
import { parsePolicyJson } from '../../../lib/trust/policy/parse-policy-json.ts';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';

const A = `registry.redhat.io/a/operator@sha256:${'a'.repeat(64)}`;
const B = `registry.redhat.io/b/operand@sha256:${'b'.repeat(64)}`;
const TAGGED = 'quay.io/c/latest:v1';
const bundle = (name: string, image: string, ...related: readonly string[]) => ({
  schema: 'olm.bundle',
  name,
  package: 'p',
  image,
  relatedImages: related.map((one, index) => ({ name: `i${index}`, image: one })),
});
const parse = (text: string) => parseCatalog('in', Buffer.from(text));
const names = (text: string) => parse(text).map(({ pullspec, origins }) => [pullspec.text, ...origins]);
const PACKAGE = { schema: 'olm.package', name: 'p', defaultChannel: 'stable' };
const yamlBundle = `schema: olm.bundle\nname: a.v1\nimage: ${A}\nrelatedImages:\n- name: b\n  image: ${B}\n`;
const version = {
  apiVersion: 'operators.coreos.com/v1alpha1',
  kind: 'ClusterServiceVersion',
  metadata: { name: 'a.v1' },
  spec: {
    relatedImages: [{ name: 'a', image: A }],
    install: {
      strategy: 'deployment',
      spec: {
        deployments: [
          {
            name: 'd',
            spec: {
              template: {
                spec: { containers: [{ name: 'c', image: TAGGED }], initContainers: [{ name: 'i', image: B }] },
              },
            },
          },
        ],
      },
    },
  },
};

describe('what names images', () => {
  const both = [
    [A, 'bundle a.v1'],
    [B, 'bundle a.v1'],
  ];
  test.each<[string, string, readonly (readonly string[])[]]>([
    [
      'JSON values one after the other',
      `${JSON.stringify(PACKAGE)}${JSON.stringify(bundle('a.v1', A, B), null, 2)}`,
      both,
    ],
    ['YAML documents', `---\nschema: olm.package\nname: p\n---\n${yamlBundle}`, both],
    ['YAML without a mark, with a comment', `# made by opm\n${yamlBundle}`, both],
    ['YAML with CRLF', yamlBundle.replaceAll('\n', '\r\n'), both],
    [
      'an image of two bundles once',
      JSON.stringify(bundle('a.v1', A, A)) + JSON.stringify(bundle('a.v2', A)),
      [[A, 'bundle a.v1', 'bundle a.v2']],
    ],
    ['a bundle without an image of its own', JSON.stringify(bundle('a.v1', '', A)), [[A, 'bundle a.v1']]],
    [
      'a ClusterServiceVersion and its deployments',
      JSON.stringify(version),
      [A, B, TAGGED].map((image) => [image, 'ClusterServiceVersion a.v1']),
    ],
    [
      'a plain list',
      `# images\n\n${A}\n  ${TAGGED}  \r\n${A}\n`,
      [
        [A, 'line 3', 'line 5'],
        [TAGGED, 'line 4'],
      ],
    ],
  ])('%s', (_, text, expected) => {
    expect(names(text)).toEqual(expected);
  });
});

describe('what cannot be read', () => {
  test.each<[string, string, string]>([
    ['nothing', '', 'in: no image found'],
    ['a catalog without bundles', JSON.stringify(PACKAGE), 'in: no image found'],
    ['a line that is no pullspec', `${A}\nwhat is this`, 'in:2: line 2: '],
    [
      'a bundle’s image that is none',
      `${JSON.stringify(PACKAGE)}\n${JSON.stringify(bundle('a.v1', A, 'UPPER/x'))}`,
      'in:2: bundle a.v1: ',
    ],
    ['an image that is empty', JSON.stringify(bundle('a.v1', A, '')), 'in:1: bundle a.v1: '],
    ['a bundle without images', JSON.stringify(bundle('a.v1', '')), 'in:1: olm.bundle a.v1: no image found'],
    ['a bundle without a name', JSON.stringify({ schema: 'olm.bundle', image: A }), 'in:1: olm.bundle: name: '],
    [
      'an image that is a number',
      JSON.stringify({ schema: 'olm.bundle', name: 'a', image: 1 }),
      'in:1: olm.bundle a: image: ',
    ],
    [
      'a list for an operator’s spec',
      JSON.stringify({ kind: 'ClusterServiceVersion', metadata: { name: 'a' }, spec: [] }),
      'in:1: ClusterServiceVersion a: spec: expected an object',
    ],
    [
      'a list for how an operator is installed',
      JSON.stringify({ kind: 'ClusterServiceVersion', metadata: { name: 'a' }, spec: { install: [] } }),
      'in:1: ClusterServiceVersion a: spec.install: expected an object',
    ],
    ['an object of no schema', `---\nname: a\n`, 'in:2: object a: expected a schema or kind, found neither'],
    ['JSON that does not end', `${JSON.stringify(PACKAGE)}\n{"a":`, 'in:2: the object that starts here does not end'],
    [
      'a member twice',
      '{"schema":"olm.bundle",\n"image":"a","image":"b"}',
      'in:2: not JSON: the member "image" a second time',
    ],
    ['YAML that is none', '---\nschema: [\n', 'in:'],
  ])('%s', (_, text, message) => {
    expect(() => parse(text)).toThrow(message);
  });
});

const judgement = (outcome: ImageJudgement['outcome'], code?: 'Verified'): ImageJudgement => ({
  by: 'test',
  outcome,
  reasons: [],
  warnings: [],
  attempts: code === undefined ? [] : [{ store: 's', location: 'l', code, message: 'm' }],
});

describe('what several say together', () => {
  const [yes, no, open] = [judgement('accepted'), judgement('rejected'), judgement('indeterminate')];
  const signed = judgement('accepted', 'Verified');
  test.each<[string, readonly ImageJudgement[], string, boolean]>([
    ['nobody has a say', [], 'rejected', false],
    ['all accept, one by a signature', [yes, signed], 'accepted', true],
    ['all accept unseen', [yes, yes], 'accepted', false],
    ['one rejects', [signed, open, no], 'rejected', false],
    ['one is left open', [signed, open], 'indeterminate', false],
  ])('%s', (_, judgements, outcome, isVerified) => {
    expect(toVerification(judgements)).toMatchObject({ outcome, isVerified });
  });

  test('an image that no profile names is not asked for, and rejected', async () => {
    const [image] = parse(A);
    const verify = createImageVerifier([], undefined, {
      now: () => new Date(),
      signal: new AbortController().signal,
    });
    if (image === undefined) throw new Error('no image');
    expect(await verify(image.pullspec)).toMatchObject({ outcome: 'rejected', reasons: [{ code: 'PolicyRejects' }] });
  });
});

describe('checkCatalog', () => {
  const policy = parsePolicyJson(
    'policy.json',
    JSON.stringify({
      default: [{ type: 'insecureAcceptAnything' }],
      transports: {
        docker: {
          'registry.redhat.io': [{ type: 'signedBy', keyType: 'GPGKeys', keyPath: '/etc/pki/k' }],
          'registry.redhat.io/b': [{ type: 'reject' }],
        },
      },
    }),
  );
  const never: ImageVerifier = () => {
    throw new Error('must not be asked');
  };

  test.each<[string, string, boolean, string]>([
    ['pinned', A, false, 'accepted'],
    ['not pinned', TAGGED, false, 'rejected'],
    ['pinned beside a tag', A.replace('@', ':v1@'), false, 'accepted'],
    ['verified by a scope', A, true, 'accepted'],
    ['rejected by a scope', B, true, 'rejected'],
    ['one of two rejected', `${A}\n${B}`, true, 'rejected'],
  ])('%s', async (_, text, isAsked, outcome) => {
    const checked = await checkCatalog(parse(text), { policy: isAsked ? policy : undefined, trusts: [] });
    expect(checked.outcome).toBe(outcome);
  });

  test('which scope, and what it asks', async () => {
    const { images } = await checkCatalog(parse(`${A}\n${B}\nquay.io/x/y@sha256:${'c'.repeat(64)}`), {
      policy,
      trusts: [],
    });
    expect(images.map((image) => image.policy)).toEqual([
      { scope: 'registry.redhat.io', isCovered: true, asksFor: 'signatures', requires: 'signedBy' },
      { scope: 'registry.redhat.io/b', isCovered: true, asksFor: 'rejected', requires: 'it is rejected' },
      { scope: 'the default', isCovered: false, asksFor: 'anything', requires: 'insecureAcceptAnything' },
    ]);
  });

  test('no image is no yes', async () => {
    expect(await checkCatalog([], { trusts: [] })).toEqual({ outcome: 'rejected', images: [] });
  });

  test.each<[string, ImageJudgement['outcome']]>([
    ['accepted', 'accepted'],
    ['rejected', 'rejected'],
    ['a store that is broken', 'indeterminate'],
  ])('verification: %s', async (_, outcome) => {
    const asked: string[] = [];
    const verify: ImageVerifier = ({ text }) => {
      asked.push(text);
      return Promise.resolve(toVerification([judgement(outcome)]));
    };
    const checked = await checkCatalog(parse(A), { trusts: [], verify });
    expect([checked.outcome, checked.images[0]?.verification?.outcome, asked]).toEqual([outcome, outcome, [A]]);
  });

  test('as many at a time as asked for, and each is told when it is done', async () => {
    let underWay = 0;
    let most = 0;
    const verify: ImageVerifier = async () => {
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setImmediate(resolve));
      underWay--;
      return toVerification([judgement('accepted')]);
    };
    const lines = Array.from({ length: 20 }, (_, index) => `quay.io/x/y${index}@sha256:${'c'.repeat(64)}`).join('\n');
    const told: number[] = [];
    await checkCatalog(parse(lines), { trusts: [], verify, concurrency: 3, onProgress: (done) => told.push(done) });
    expect([most, told.at(-1), told.length]).toEqual([3, 20, 20]);
  });

  test.each([
    ['not pinned', TAGGED],
    ['rejected by the policy', B],
  ])('what is %s is not asked for', async (_, text) => {
    const checked = await checkCatalog(parse(text), { policy, trusts: [], verify: never });
    expect(checked.outcome).toBe('rejected');
  });

  test('a profile’s image policies cover by their scopes', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const keyData = Buffer.from(publicKey.export({ type: 'spki', format: 'pem' })).toString('base64');
    const document = {
      apiVersion: 'config.openshift.io/v1',
      kind: 'ClusterImagePolicy',
      metadata: { name: 'mine' },
      spec: {
        scopes: ['registry.redhat.io', 'registry.redhat.io/a'],
        policy: { rootOfTrust: { policyType: 'PublicKey', publicKey: { keyData } } },
      },
    };
    const scoped = { docker: { 'registry.redhat.io': [{ type: 'reject' }] } };
    const files = { 'mine.json': document, 'policy.json': { default: [{ type: 'reject' }], transports: scoped } };
    const trust = await prepareTrust(
      'ocp',
      Object.entries(files).map(([name, content]) => ({ name, bytes: Buffer.from(JSON.stringify(content)) })),
    );
    const { images } = await checkCatalog(parse(`${A}\nquay.io/x/y@sha256:${'c'.repeat(64)}`), { trusts: [trust] });
    expect(images.map((image) => image.trust)).toEqual([
      [
        { profile: 'ocp', by: 'ClusterImagePolicy/mine', scope: 'registry.redhat.io/a' },
        { profile: 'ocp', by: 'policy.json/policy.json', scope: 'registry.redhat.io' },
      ],
      [],
    ]);
  });
});
