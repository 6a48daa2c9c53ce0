import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { checkCatalog, createImageVerifier, type ImageVerifier } from '../../../lib/artifact/catalog/check-catalog.ts';
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
const names = (text: string) => parse(text).images.map(({ pullspec, origins }) => [pullspec.text, ...origins]);
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
    ['JSON that does not end', `${JSON.stringify(PACKAGE)}\n{"a":`, 'in:2: the object that starts here does not end'],
    [
      'a member twice',
      '{"schema":"olm.bundle",\n"image":"a","image":"b"}',
      'in:2: not JSON: the member "image" a second time',
    ],
    ['YAML that is none', '---\nschema: [\n', 'in:'],
    ['nothing but an entry that cannot be used', 'what is this', 'in:1: line 1: '],
    ['an object of another kind', '{"a":1}', 'in:1: object: expected a schema or kind, found neither'],
  ])('%s', (_, text, message) => {
    expect(() => parse(text)).toThrow(message);
  });
});

const versionOf = (spec: unknown) => JSON.stringify({ kind: 'ClusterServiceVersion', metadata: { name: 'a' }, spec });

describe('an entry that cannot be used is a fault, and all others are read', () => {
  test.each<[string, string, string, number, string]>([
    ['a line that is no pullspec', 'what is this', 'line 2', 2, '"what is this" is not a pullspec'],
    [
      'a bundle’s image that is none',
      JSON.stringify(bundle('a.v1', A, 'UPPER/x')),
      'bundle a.v1',
      2,
      'is not a pullspec',
    ],
    ['an image that is empty', JSON.stringify(bundle('a.v1', A, '')), 'bundle a.v1', 2, '"" is not a pullspec'],
    ['a bundle without images', JSON.stringify(bundle('a.v1', '')), 'olm.bundle a.v1', 2, 'no image found'],
    ['a bundle without a name', JSON.stringify({ schema: 'olm.bundle', image: A }), 'olm.bundle', 2, 'name: '],
    [
      'an image that is a number',
      JSON.stringify({ schema: 'olm.bundle', name: 'a', image: 1 }),
      'olm.bundle a',
      2,
      'image: ',
    ],
    ['a list for an operator’s spec', versionOf([]), 'ClusterServiceVersion a', 2, 'spec: expected an object'],
    [
      'a list for how an operator is installed',
      versionOf({ install: [] }),
      'ClusterServiceVersion a',
      2,
      'spec.install: expected an object',
    ],
    ['an object of no schema', '{"name":"a"}', 'object a', 2, 'expected a schema or kind, found neither'],
    [
      'an object in a bundle that is none',
      JSON.stringify({
        ...bundle('a.v1', A),
        properties: [{ type: 'olm.bundle.object', value: { data: Buffer.from('{"a":').toString('base64') } }],
      }),
      'olm.bundle a.v1',
      2,
      'does not end',
    ],
    [
      'an object in a bundle without its data',
      JSON.stringify({ ...bundle('a.v1', A), properties: [{ type: 'olm.bundle.object', value: { ref: 'x' } }] }),
      'olm.bundle a.v1',
      2,
      'without its data',
    ],
    [
      'a pod too deep to be looked at',
      `{"kind":"Deep","x":${'{"x":'.repeat(40)}{"containers":[{"image":"quay.io/x/y:1"}]}${'}'.repeat(40)}}`,
      'Deep',
      2,
      'nested more than 32 levels deep',
    ],
    [
      'a chart whose list is none',
      JSON.stringify({ name: 'c', version: '1', annotations: { 'artifacthub.io/images': '- [' } }),
      'object c',
      2,
      'expected a list of images',
    ],
  ])('%s', (_, text, origin, line, message) => {
    const isList = !text.startsWith('{');
    const first = isList ? B : JSON.stringify(bundle('good', B));
    const { images, faults } = parse(`${first}\n${text}\n${isList ? TAGGED : JSON.stringify(bundle('last', TAGGED))}`);
    expect(faults).toMatchObject([{ origin, line }]);
    expect(faults[0]?.message).toContain(message);
    expect(images.map(({ pullspec }) => pullspec.text)).toEqual(expect.arrayContaining([B, TAGGED]));
  });
});

/** Variables whose image another object holds. */
const ELSEWHERE: readonly [name: string, container: object, messages: readonly string[]][] = [
  [
    'valueFrom',
    {
      env: [
        { name: 'RELATED_IMAGE_A', valueFrom: { configMapKeyRef: { name: 'images', key: 'a' } } },
        { name: 'OPERAND_IMAGE_B', valueFrom: { secretKeyRef: { name: 's', key: 'b', optional: true } } },
        { name: 'POD_IMAGE', valueFrom: { fieldRef: { fieldPath: "metadata.annotations['image']" } } },
        { name: 'RELATED_IMAGE_EMPTY', value: '', valueFrom: {} },
        { name: 'RELATED_IMAGE_ODD', valueFrom: 'x' },
        { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      ],
    },
    [
      'RELATED_IMAGE_A: its image is not read, because it is elsewhere: configMapKeyRef {"name":"images","key":"a"}',
      'OPERAND_IMAGE_B: its image is not read, because it is elsewhere: secretKeyRef',
      'POD_IMAGE: its image is not read, because it is elsewhere: fieldRef',
      'RELATED_IMAGE_EMPTY: its image is not read, because it is elsewhere',
      'RELATED_IMAGE_ODD: its image is not read, because it is elsewhere',
    ],
  ],
  [
    'a prefix',
    {
      envFrom: [
        { prefix: 'RELATED_IMAGE_', configMapRef: { name: 'images' } },
        { prefix: 'OTHER_', configMapRef: { name: 'x' } },
        { configMapRef: { name: 'y' } },
      ],
    },
    ['RELATED_IMAGE_…: its image is not read, because it is elsewhere: configMapRef {"name":"images"}'],
  ],
];

describe('one broken part takes nothing else with it', () => {
  const good = JSON.stringify(bundle('good', B));
  const object = (data: string) => ({ type: 'olm.bundle.object', value: { data } });
  const csv = Buffer.from(versionOf({ relatedImages: [{ image: TAGGED }] })).toString('base64');

  test.each<[string, string, readonly string[], readonly string[]]>([
    [
      'an entry of relatedImages',
      JSON.stringify({ ...bundle('a', A), relatedImages: [{ name: 'x' }, 3, { image: B }] }),
      [A, B],
      ['relatedImages.0.image: expected a string', 'relatedImages.1.image: expected a string'],
    ],
    [
      'all of relatedImages',
      JSON.stringify({ ...bundle('a', A), relatedImages: {} }),
      [A],
      ['relatedImages: expected'],
    ],
    [
      'an entry of a ClusterServiceVersion',
      versionOf({ relatedImages: [{ image: 1 }, { image: A }] }),
      [A],
      ['spec.relatedImages.0.image: expected a string'],
    ],
    [
      'an embedded object',
      JSON.stringify({ ...bundle('a', A), properties: [object('eyJhIjo='), object(csv), object('!!')] }),
      [A, TAGGED],
      ['in an olm.bundle.object: 1: the object that starts here does not end'],
    ],
    [
      'a document in YAML',
      `${yamlBundle}---\na: [\n---\nschema: olm.bundle\nname: c\nimage: ${TAGGED}\n`,
      [A, B, TAGGED],
      [''],
    ],
    [
      'a value in JSON',
      `${good}\n{"schema": "olm.bundle", "schema": 1}\n${JSON.stringify(bundle('c', A))}`,
      [B, A],
      ['twice'],
    ],
    ['what stands between values', `${good}\nnonsense\n`, [B], ['expected an object']],
    ['the end of a file that was cut off', `${good}\n{"schema":`, [B], ['does not end']],
    [
      'an item of a List',
      `{"kind":"List","items":[3,${versionOf({ relatedImages: [{ image: A }] })}]}`,
      [A],
      ['expected an object'],
    ],
    [
      'an entry of an ImageSetConfiguration',
      JSON.stringify({ kind: 'ImageSetConfiguration', mirror: { additionalImages: ['x', { name: A }], operators: 3 } }),
      [A],
      ['mirror.additionalImages.0.name: expected a string', 'mirror.operators: expected a list'],
    ],
    ['an image of MicroShift', JSON.stringify({ images: { a: A, b: 3 } }), [A], ['images.b: expected a string']],
    [
      'an image of a chart',
      JSON.stringify({ name: 'c', version: '1', annotations: { 'artifacthub.io/images': `- image: ${A}\n- x\n` } }),
      [A],
      ['annotations.artifacthub.io/images.1.image: expected a string'],
    ],
    ['an entry of a list in JSON', JSON.stringify([A, 3, { image: B }]), [A, B], ['expected an image']],
    [
      'a variable of a pod',
      JSON.stringify({
        kind: 'Pod',
        spec: { containers: [{ image: A, env: [{ name: 'RELATED_IMAGE_X', value: 3 }] }] },
      }),
      [A],
      ['RELATED_IMAGE_X: expected a string'],
    ],
    ...ELSEWHERE.map(([name, container, messages]): [string, string, readonly string[], readonly string[]] => [
      `a variable by ${name}`,
      JSON.stringify({
        kind: 'Deployment',
        spec: { template: { spec: { containers: [{ image: A, ...container }] } } },
      }),
      [A],
      messages,
    ]),
  ])('%s', (_, text, expected, messages) => {
    const { images, faults } = parse(text);
    expect(images.map(({ pullspec }) => pullspec.text)).toEqual(expected);
    expect(faults.length).toBe(messages.length);
    for (const [index, message] of messages.entries())
      expect(faults[index]?.message).toContain(message === 'twice' ? 'a second time' : message);
  });

  test('what an image set names by releases and charts is told, and not taken for checked', () => {
    const mirror = { platform: { channels: [{ name: 'stable-4.16' }] }, helm: {}, additionalImages: [{ name: A }] };
    const { without } = parse(JSON.stringify({ kind: 'ImageSetConfiguration', apiVersion: 'v2alpha1', mirror }));
    expect(without).toEqual(['ImageSetConfiguration mirror.platform', 'ImageSetConfiguration mirror.helm']);
  });
});

describe('lists, as tools write them', () => {
  test.each<[string, string]>([
    ['marks of YAML', `- ${A}\n- "${TAGGED}"\n`],
    ['comments', `# images\n${A} # the first\n\n${TAGGED}\n`],
    ['pairs with a space', `docker://${A} docker://mirror.example:5000/a\n${TAGGED}\tmirror.example:5000/b:1\n`],
    ['entries with a name', `- name: a\n  image: ${A}\n- name: b\n  image: ${TAGGED}\n`],
    ['a list of JSON', JSON.stringify([{ image: A }, TAGGED])],
    ['objects in a list of JSON', JSON.stringify([bundle('a.v1', A), bundle('b.v1', TAGGED)])],
    [
      'what is deleted',
      JSON.stringify({
        kind: 'DeleteImageSetConfiguration',
        delete: { additionalImages: [{ name: A }, { name: TAGGED }] },
      }),
    ],
  ])('%s', (_, text) => {
    const { images, faults } = parse(text);
    expect(images.map(({ pullspec }) => pullspec.text)).toEqual([A, TAGGED]);
    expect(faults).toEqual([]);
  });
});

describe('whatever names an image is read', () => {
  const env = (name: string, value: string) => ({ name, value });
  const pod = {
    containers: [
      {
        name: 'c',
        image: A,
        env: [
          env('RELATED_IMAGE_B', B),
          env('OPERAND_IMAGE_C', TAGGED),
          env('KUBE_RBAC_PROXY_IMAGE', 'quay.io/e/proxy:1'),
          env('IMAGE_PULL_POLICY', 'Always'),
          env('RELATED_IMAGE_EMPTY', ''),
        ],
      },
    ],
    volumes: [
      { name: 'v', image: { reference: 'quay.io/v/model:1' } },
      { name: 'w', emptyDir: {} },
    ],
  };
  const all = [A, B, TAGGED, 'quay.io/e/proxy:1', 'quay.io/v/model:1'];
  const deployment = (kind: string, spec: object) => ({ apiVersion: 'apps/v1', kind, metadata: { name: 'd' }, spec });
  const inTemplate = { template: { spec: pod } };
  const csv = { ...version, spec: { install: { spec: { deployments: [{ name: 'd', spec: inTemplate }] } } } };
  const data = (object: object) => ({
    type: 'olm.bundle.object',
    value: { data: Buffer.from(JSON.stringify(object)).toString('base64') },
  });

  test.each<[string, object, readonly string[]]>([
    ['a Deployment', deployment('Deployment', inTemplate), all],
    ['a CronJob', deployment('CronJob', { jobTemplate: { spec: inTemplate } }), all],
    ['a Pod', deployment('Pod', pod), all],
    ['a List', { apiVersion: 'v1', kind: 'List', items: [deployment('DaemonSet', inTemplate)] }, all],
    ['a kind of somebody’s own', deployment('Database', { podTemplate: { spec: pod } }), all],
    ['a ClusterServiceVersion', csv, all],
    [
      'one that is embedded in a bundle',
      { ...bundle('a.v1', 'quay.io/b/bundle:1'), properties: [data(csv)] },
      ['quay.io/b/bundle:1', ...all],
    ],
    [
      'an ImageSetConfiguration',
      {
        apiVersion: 'mirror.openshift.io/v2alpha1',
        kind: 'ImageSetConfiguration',
        mirror: { additionalImages: [{ name: A }], operators: [{ catalog: 'registry.redhat.io/c/index:v4.16' }] },
      },
      [A, 'registry.redhat.io/c/index:v4.16'],
    ],
    ['MicroShift’s release info', { release: { base: '4.16.1' }, images: { a: A, b: B } }, [A, B]],
    [
      'a Helm chart',
      {
        apiVersion: 'v2',
        name: 'c',
        version: '1',
        annotations: { 'artifacthub.io/images': `- name: a\n  image: ${A}\n` },
      },
      [A],
    ],
  ])('%s', (_, object, expected) => {
    const { images, faults } = parse(JSON.stringify(object));
    expect(images.map(({ pullspec }) => pullspec.text)).toEqual(expected);
    expect(faults).toEqual([]);
  });

  test('mapping.txt of oc-mirror: the sources', () => {
    const text = `${A}=mirror.example.com:5000/a:1\ndocker://${TAGGED}=docker://mirror.example.com:5000/c:v1\n`;
    expect(names(text)).toEqual([
      [A, 'line 1'],
      [TAGGED, 'line 2'],
    ]);
  });

  test('a kind without an image is told', () => {
    const text =
      JSON.stringify(deployment('ConfigMap', {})) + JSON.stringify(bundle('a.v1', A)) + JSON.stringify(PACKAGE);
    expect(parse(text).without).toEqual(['ConfigMap']);
  });

  test('pods far below are not searched for without end', () => {
    const text = `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`;
    expect(() => parse(text)).toThrow('in:1: object: nested more than 32 levels deep');
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
    const [image] = parse(A).images;
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
    const nothing = { images: [], faults: [], without: [] };
    expect(await checkCatalog(nothing, { trusts: [] })).toEqual({ outcome: 'rejected', ...nothing });
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

  test.each<[name: string, scopes: readonly string[], pullspec: string, scope: string | undefined]>([
    ['the most specific', ['registry.redhat.io', 'registry.redhat.io/a'], A, 'registry.redhat.io/a'],
    ['a wildcard', ['*.redhat.io'], A, '*.redhat.io'],
    ['this digest', ['registry.redhat.io', A], A, A],
    [
      'a tag, of a pullspec by digest',
      ['registry.redhat.io/a/operator:1', 'registry.redhat.io'],
      A,
      'registry.redhat.io',
    ],
    ['another digest', [`registry.redhat.io/a/operator@sha256:${'9'.repeat(64)}`], A, undefined],
  ])('of the scopes of an image policy the one that nodes find: %s', async (_, scopes, pullspec, scope) => {
    const trust = await prepareTrust('ocp', [toFile('mine.json', imagePolicy(scopes))]);
    const { images } = await checkCatalog(parse(pullspec), { trusts: [trust] });
    const covering = scope === undefined ? [] : [{ profile: 'ocp', by: 'ClusterImagePolicy/mine', scope }];
    expect(images.map((image) => image.trust)).toEqual([covering]);
  });

  test('a profile’s image policies cover by their scopes', async () => {
    const scoped = { docker: { 'registry.redhat.io': [{ type: 'reject' }] } };
    const files = [
      toFile('mine.json', imagePolicy(['registry.redhat.io', 'registry.redhat.io/a'])),
      toFile('policy.json', { default: [{ type: 'reject' }], transports: scoped }),
    ];
    const trust = await prepareTrust('ocp', files);
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

function toFile(name: string, content: object) {
  return { name, bytes: Buffer.from(JSON.stringify(content)) };
}

function imagePolicy(scopes: readonly string[]): object {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keyData = Buffer.from(publicKey.export({ type: 'spki', format: 'pem' })).toString('base64');
  return {
    apiVersion: 'config.openshift.io/v1',
    kind: 'ClusterImagePolicy',
    metadata: { name: 'mine' },
    spec: { scopes, policy: { rootOfTrust: { policyType: 'PublicKey', publicKey: { keyData } } } },
  };
}

describe('a pod of a ClusterServiceVersion', () => {
  const container = { name: 'c', image: A };
  test.each<[name: string, pod: object, expected: readonly string[]]>([
    ['has init containers', { containers: [container], initContainers: [{ name: 'i', image: B }] }, [B, A]],
    ['has ephemeral containers', { containers: [container], ephemeralContainers: [{ name: 'e', image: B }] }, [A, B]],
    ['mounts an image', { containers: [container], volumes: [{ name: 'v', image: { reference: B } }] }, [A, B]],
    ['mounts other volumes', { containers: [container], volumes: [{ name: 'v', emptyDir: {} }, { image: null }] }, [A]],
    ['mounts an image by nothing', { containers: [container], volumes: [{ image: {} }] }, [A]],
  ])('%s', (_, pod, expected) => {
    const deployments = [{ name: 'd', spec: { template: { spec: pod } } }];
    const deployed = {
      apiVersion: 'operators.coreos.com/v1alpha1',
      kind: 'ClusterServiceVersion',
      metadata: { name: 'a.v1' },
      spec: { install: { spec: { deployments } } },
    };
    const listed = parseCatalog('csv.json', Buffer.from(JSON.stringify(deployed)));
    expect(listed.images.map(({ pullspec }) => pullspec.text)).toEqual(expected);
  });
});
