import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../../lib/base/errors/input-error.ts';
import { parseClusterState, parseMachineConfigs } from '../../../lib/cluster/rollout/parse-cluster-state.ts';
import { MAX_FILE_BYTES } from '../../../lib/cluster/rollout/parse-machine-config.ts';
import { AFTER, BEFORE, describePool } from './describe-pool.ts';

const parse = (text: string) => parseClusterState([{ name: 'in', bytes: Buffer.from(text) }]);
const HEAD = 'apiVersion: machineconfiguration.openshift.io/v1\nkind: ';
const good = describePool(AFTER);

describe('what is handed in and cannot be read', () => {
  test.each<[string, string, string]>([
    ['another kind', 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}', 'in:1: Pod a: expected MachineConfigPool'],
    ['a kind of another group', 'apiVersion: v1\nkind: MachineConfigPool', 'in:1: MachineConfigPool: expected'],
    ['a table of pools', 'NAME     CONFIG   UPDATED\nmaster   a        True\n', 'in:1: this is the table of oc get'],
    [
      'a table of nodes',
      '\nNAME   STATUS   ROLES\na      Ready    worker\n',
      'give what oc get mcp,mc,node -o yaml prints',
    ],
    ['no mapping', '- a\n- b', 'in:1: expected an object'],
    ['YAML that is none', `${HEAD}MachineConfigPool\nspec: [`, 'in:3: '],
    ['JSON that does not end', '{"kind": "List",\n"items": [', 'in:1: the object that starts here does not end'],
    ['JSON with a comma too much', '\n{"kind": "List",\n"items": [,]}', 'in:3: not JSON'],
    ['words after JSON', '{}\noops', 'in:1: object: expected'],
    ['a member twice', '{"kind": "A",\n"kind": "B"}', 'in:2: not JSON: the member "kind" a second time'],
    [
      'a count that is a text',
      `${HEAD}MachineConfigPool\nmetadata: {name: w}\nspec: {}\nstatus: {machineCount: three}`,
      'in:1: MachineConfigPool w: status.machineCount: ',
    ],
    ['no status', `${HEAD}MachineConfigPool\nmetadata: {name: w}\nspec: {}`, 'in:1: MachineConfigPool w: status: '],
    [
      'a list for a pool’s spec',
      `${HEAD}MachineConfigPool\nmetadata: {name: w}\nspec: []\nstatus: {}`,
      'in:1: MachineConfigPool w: spec: expected an object',
    ],
    [
      'a list for a pool’s status',
      `${HEAD}MachineConfigPool\nmetadata: {name: w}\nspec: {}\nstatus: []`,
      'in:1: MachineConfigPool w: status: expected an object',
    ],
    [
      'a list for a pool’s selector',
      `${HEAD}MachineConfigPool\nmetadata: {name: w}\nspec: {machineConfigSelector: []}\nstatus: {}`,
      'in:1: MachineConfigPool w: spec.machineConfigSelector: expected an object',
    ],
    [
      'a list for what a selector matches',
      `${HEAD}MachineConfigPool\nmetadata: {name: w}\nspec: {machineConfigSelector: {matchLabels: []}}\nstatus: {}`,
      'in:1: MachineConfigPool w: spec.machineConfigSelector.matchLabels: expected an object',
    ],
    [
      'a list for a pool’s configuration',
      `${HEAD}MachineConfigPool\nmetadata: {name: w}\nspec: {}\nstatus: {configuration: []}`,
      'in:1: MachineConfigPool w: status.configuration: expected an object',
    ],
    [
      'a list for a MachineConfig’s spec',
      `${HEAD}MachineConfig\nmetadata: {name: w}\nspec: []`,
      'in:1: MachineConfig w: spec: expected an object',
    ],
    [
      'a list for its config',
      `${HEAD}MachineConfig\nmetadata: {name: w}\nspec: {config: []}`,
      'in:1: MachineConfig w: spec.config: expected an object',
    ],
    [
      'a list for its storage',
      `${HEAD}MachineConfig\nmetadata: {name: w}\nspec: {config: {storage: []}}`,
      'in:1: MachineConfig w: spec.config.storage: expected an object',
    ],
    [
      'a list for its labels',
      `${HEAD}MachineConfig\nmetadata: {name: w, labels: []}\nspec: {}`,
      'in:1: MachineConfig w: metadata.labels: expected an object',
    ],
    [
      'a label that is a number, although objects inherit its name',
      `${HEAD}MachineConfig\nmetadata: {name: w, labels: {constructor: 1}}\nspec: {}`,
      'in:1: MachineConfig w: metadata.labels.constructor: expected string, found number',
    ],
    [
      'endless machines',
      `${HEAD}MachineConfigPool\nmetadata: {name: w}\nspec: {}\nstatus: {machineCount: .inf}`,
      'in:1: MachineConfigPool w: status.machineCount: ',
    ],
    ['an item of a List', 'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n', 'in:4: Pod: expected'],
    [
      'the second document',
      `---\n${HEAD}MachineConfig\nmetadata: {name: a}\nspec: {}\n---\nkind: x\n`,
      'in:7: x: expected',
    ],
    ['a pool twice', `${good}\n\n${good}`, 'MachineConfigPool worker occurs twice, first in in:1'],
    [
      'base64 that is none',
      `${HEAD}MachineConfig\nmetadata: {name: a}\nspec: {config: {storage: {files: [{path: /x, contents: {source: "data:;base64,%"}}]}}}`,
      'in:1: MachineConfig a: /x: the data: URL is not base64',
    ],
    [
      'gzip that is none',
      `${HEAD}MachineConfig\nmetadata: {name: a}\nspec: {config: {storage: {files: [{path: /x, contents: {compression: gzip, source: "data:,a"}}]}}}`,
      'in:1: MachineConfig a: /x: ',
    ],
    [
      'oc describe of another kind',
      good.replace('MachineConfigPool', 'Pod'),
      'in:6: expected a MachineConfigPool, found Pod',
    ],
    [
      'a count that is none',
      good.replace('Machine Count:              3', 'Machine Count: many'),
      'is not a whole number',
    ],
    [
      'a count twice',
      good.replace('  Observed Generation:', '  Machine Count: 3\n  Observed Generation:'),
      '"Machine Count" occurs twice',
    ],
    ['paused perhaps', good.replace('false', 'perhaps'), 'Spec.Paused: expected true or false'],
    ['a line of something else', good.replace('Spec:', 'what\nSpec:'), 'not a line of oc describe'],
    ['the status cut off', good.slice(0, good.indexOf('Status:\n')), 'the section Status is missing'],
    [
      'an excerpt of which nothing can be told',
      '...\n  Machine Count: 3\n',
      'in:2: the section of this line is missing',
    ],
    ['an excerpt without a name', '...\nStatus:\n  Machine Count: 3\n', 'in:1: the name of the pool is not shown'],
  ])('%s', (_, text, message) => {
    expect(() => parse(text)).toThrow(message);
  });

  test('not UTF-8', () => {
    expect(() => parseClusterState([{ name: 'in', bytes: Buffer.from([0xff]) }])).toThrow('in: not UTF-8');
  });
});

describe('what oc describe shows', () => {
  test('two pools, the second paused', () => {
    const { pools } = parse(`${describePool(BEFORE)}\n\n${describePool({ ...AFTER, name: 'infra', paused: true })}`);
    expect(pools.map(({ name, paused, machines }) => [name, paused, machines.total])).toEqual([
      ['worker', false, 1],
      ['infra', true, 3],
    ]);
  });

  test('a selector of a custom pool, whose values stand on lines of their own', () => {
    const selector = [
      '    Match Expressions:',
      '      Key:       machineconfiguration.openshift.io/role',
      '      Operator:  In',
      '      Values:',
      '        worker',
      '        infra',
    ];
    const text = good.replace(/ {4}Match Labels:\n {6}machineconfiguration.*\n/, `${selector.join('\n')}\n`);
    expect(parse(text).pools[0]?.selector).toEqual({
      matchLabels: {},
      matchExpressions: [
        { key: 'machineconfiguration.openshift.io/role', operator: 'In', values: ['worker', 'infra'] },
      ],
    });
  });

  test('what newer clusters say beside it', () => {
    const text = good
      .replace('Annotations:  <none>', 'Annotations:  note: two\n              other: lines')
      .replace(
        'Events:                       <none>',
        [
          '  Cert Expirys:',
          '    Bundle:   KubeAPIServerServingCAData',
          '    Subject:  CN=kube-apiserver',
          '    Bundle:   KubeAPIServerServingCAData',
          '    Subject:  CN=other',
          '  Pool Synchronizers Status:',
          '    Available Machine Count:  0',
          '    Machine Count:            0',
          '    Pool Synchronizer Type:   PinnedImageSets',
          'Events:',
          '  Type    Reason  Age  From  Message',
          '  ----    ------  ---  ----  -------',
          '  Normal  x       1m   y     Name: z',
        ].join('\n'),
      );
    expect(parse(text).pools).toEqual(parse(good).pools);
  });

  test.each([
    ['a line that would be a count', '\n  Machine Count:  9'],
    ['a line that would be a condition', '\n    Status:  True\n    Type:  Updated'],
    ['a line that would be the status', '\nStatus:\n  Machine Count:  9'],
    ['a line that would be another pool', '\nName: other'],
  ])('a message with %s forges nothing', (_, message) => {
    const text = describePool({
      ...AFTER,
      conditions: [
        ['Degraded', 'True', `x${message}`],
        ['Updated', 'False'],
      ],
    });
    expect(() => parse(text)).toThrow(/^in:/);
  });
});

test.each([
  ['base64', 'data:text/plain;charset=utf-8;base64,aGk=', undefined],
  ['percent signs', 'data:,h%69', undefined],
  ['gzip', `data:;base64,${gzipSync('hi').toString('base64')}`, 'gzip'],
])('files of a MachineConfig in %s', (_, source, compression) => {
  const config = { storage: { files: [{ path: '/etc/x', contents: { source, compression } }] } };
  const object = {
    apiVersion: 'machineconfiguration.openshift.io/v1',
    kind: 'MachineConfig',
    metadata: { name: 'a' },
    spec: { config },
  };
  const [found] = parseMachineConfigs({ name: 'in', bytes: Buffer.from(JSON.stringify(object)) });
  expect(Buffer.from(found?.files.get('/etc/x') ?? []).toString()).toBe('hi');
});

test.each([
  ['a pool', describePool(AFTER), 'this is what oc printed: expected MachineConfigs or image policies'],
  ['nothing', '---\n', 'it holds none: expected MachineConfigs or image policies'],
])('what is expected is %s', (_, text, message) => {
  expect(() => parseMachineConfigs({ name: 'in', bytes: Buffer.from(text) })).toThrow(message);
});

test('a file that unpacks to more than the limit', () => {
  const toText = (length: number): string => {
    const source = `data:;base64,${gzipSync(Buffer.alloc(length)).toString('base64')}`;
    const config = { storage: { files: [{ path: '/etc/x', contents: { source, compression: 'gzip' } }] } };
    return JSON.stringify({
      apiVersion: 'machineconfiguration.openshift.io/v1',
      kind: 'MachineConfig',
      metadata: { name: 'a' },
      spec: { config },
    });
  };
  expect(parse(toText(MAX_FILE_BYTES)).machineConfigs[0]?.files.get('/etc/x')).toHaveLength(MAX_FILE_BYTES);
  expect(() => parse(toText(MAX_FILE_BYTES + 1))).toThrow('in:1: MachineConfig a: /etc/x: ');
});

test('whatever is handed in, it is read or the caller is told', () => {
  const texts = [good, describePool(BEFORE), JSON.stringify({ kind: 'List', apiVersion: 'v1', items: [{}] })];
  fc.assert(
    fc.property(fc.constantFrom(...texts), fc.nat(), fc.nat(40), fc.string(), (text, from, length, put) => {
      const at = from % text.length;
      try {
        parse(text.slice(0, at) + put + text.slice(at + length));
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
      }
    }),
    { numRuns: 500 },
  );
});
