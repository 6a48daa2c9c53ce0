import { describe, expect, test } from 'vitest';
import { toManifestsText } from '../../../lib/base/documents/manifest-text.ts';
import { toMachineConfigs } from '../../../lib/cluster/render/machine-config/machine-config.ts';
import type { NodeContents } from '../../../lib/cluster/rollout/check-nodes.ts';
import { checkPolicyRollout, checkRollout } from '../../../lib/cluster/rollout/check-rollout.ts';
import {
  parseClusterState,
  parseImagePolicies,
  parseMachineConfigs,
} from '../../../lib/cluster/rollout/parse-cluster-state.ts';
import type { CheckName, Rollout } from '../../../lib/cluster/rollout/rollout.ts';
import {
  AFTER,
  BEFORE,
  type DescribedPool,
  describeExcerpt,
  describePool,
  LATER,
  NEW_RENDERED,
  NEW_SOURCES,
  OLD_RENDERED,
  OURS,
} from './describe-pool.ts';

const POLICY = Buffer.from('{"default":[{"type":"insecureAcceptAnything"}]}\n');
const PATH = '/etc/containers/policy.json';
const name = '51-{pool}-rh-registry-trust';
const render = (bytes: Uint8Array, configName = name) =>
  toMachineConfigs({ pools: ['worker'], name: configName, ignition: '3.4', files: [{ path: PATH, bytes }] });
const expected = parseMachineConfigs({
  name: 'ours.yaml',
  bytes: Buffer.from(toManifestsText(render(POLICY), 'yaml')),
});
const good = (node: string): NodeContents => ({ node, files: new Map([[PATH, POLICY]]) });
const NODES = ['a', 'b', 'c'].map(good);

/** A MachineConfig as `oc get mc` lists it. */
const other = (otherName: string, path: string, bytes: Uint8Array): object => ({
  apiVersion: 'machineconfiguration.openshift.io/v1',
  kind: 'MachineConfig',
  metadata: { name: otherName },
  spec: {
    config: {
      storage: {
        files: [{ path, contents: { source: `data:,${encodeURIComponent(Buffer.from(bytes).toString())}` } }],
      },
    },
  },
});

function toObject(pool: DescribedPool): object {
  const configuration = (configName: string | undefined, sources: readonly string[] = []) => ({
    name: configName,
    source: sources.map((source) => ({ kind: 'MachineConfig', name: source })),
  });
  return {
    apiVersion: 'machineconfiguration.openshift.io/v1',
    kind: 'MachineConfigPool',
    metadata: { name: 'worker', generation: pool.generation },
    spec: {
      configuration: configuration(pool.wantedName, pool.wanted),
      machineConfigSelector: { matchLabels: { 'machineconfiguration.openshift.io/role': 'worker' } },
      ...(pool.paused === undefined ? {} : { paused: pool.paused }),
    },
    status: {
      observedGeneration: pool.observed,
      configuration: configuration(pool.currentName, pool.current),
      machineCount: pool.total,
      updatedMachineCount: pool.updated,
      readyMachineCount: pool.ready,
      unavailableMachineCount: pool.unavailable,
      degradedMachineCount: pool.degraded ?? 0,
      conditions: pool.conditions?.map(([type, status, message, reason]) => ({ type, status, message, reason })),
    },
  };
}

const described = (pool: DescribedPool) =>
  parseClusterState([{ name: 'mcp.txt', bytes: Buffer.from(describePool(pool)) }]);
const listed = (pool: DescribedPool, ...others: readonly object[]) => {
  const list = { apiVersion: 'v1', kind: 'List', items: [toObject(pool), ...render(POLICY), ...others] };
  return parseClusterState([{ name: 'mcp.json', bytes: Buffer.from(JSON.stringify(list)) }]);
};
const answers = ({ pools }: Rollout, answer: string): readonly CheckName[] =>
  pools.flatMap(({ findings }) => findings.filter((one) => one.answer === answer).map(({ check }) => check));
const RENDERED = other(NEW_RENDERED, PATH, POLICY);
const FOREIGN = Buffer.from('{"default":[{"type":"reject"}]}');

describe('the documentation’s oc describe', () => {
  test.each<[string, DescribedPool, string, readonly CheckName[]]>([
    ['before', BEFORE, 'not-live', ['completed', 'machines']],
    ['after', AFTER, 'live', []],
    ['paused', { ...BEFORE, paused: true }, 'not-live', ['unpaused', 'completed', 'machines']],
    ['paused when all was done', { ...AFTER, paused: true }, 'not-live', ['unpaused']],
    ['observed generation behind', { ...AFTER, observed: 3 }, 'not-live', ['observed']],
    ['one machine unavailable', { ...AFTER, ready: 2, unavailable: 1 }, 'not-live', ['machines']],
    ['one machine not updated', { ...AFTER, updated: 2 }, 'not-live', ['machines']],
    ['a count of degraded machines alone', { ...AFTER, degraded: 1 }, 'not-live', ['healthy']],
    [
      'not rendered yet',
      { ...BEFORE, wanted: BEFORE.current ?? [], wantedName: OLD_RENDERED },
      'not-live',
      ['included', 'completed', 'machines'],
    ],
    [
      'degraded',
      {
        ...AFTER,
        degraded: 1,
        conditions: [
          [
            'Degraded',
            'True',
            'Node c is reporting: "unexpected on-disk state"',
            '1 nodes are reporting degraded status on sync',
          ],
          ['Updated', 'True'],
        ],
      },
      'not-live',
      ['healthy'],
    ],
    [
      'a newer configuration asked for',
      { ...AFTER, wantedName: `rendered-worker-${'0'.repeat(32)}` },
      'not-live',
      ['completed'],
    ],
  ])('%s: %#', (_, pool, outcome, noes) => {
    const rollout = checkRollout(described(pool), expected, NODES);
    expect([rollout.outcome, answers(rollout, 'no')]).toEqual([outcome, noes]);
  });

  test('after, and nobody looked at a node: what sorts later may own the path', () => {
    const rollout = checkRollout(described(AFTER), expected, undefined);
    expect(rollout.outcome).toBe('not-live');
    expect(rollout.pools[0]).toMatchObject({ pool: 'worker', outcome: 'unknown' });
    expect(answers(rollout, 'unknown')).toEqual(['owner']);
    expect(rollout.pools[0]?.findings.flatMap(({ details }) => details)).toEqual([LATER, '99-worker-ssh']);
  });

  test('the excerpt after: what it shows is read, what it leaves out is unknown', () => {
    const state = parseClusterState([{ name: 'mcp.txt', bytes: Buffer.from(describeExcerpt(AFTER)) }]);
    expect(state.pools[0]).toMatchObject({
      name: 'worker',
      observedGeneration: 4,
      generation: undefined,
      machines: { total: 3, ready: 3 },
    });
    expect(state.pools[0]?.current?.sources).toEqual(NEW_SOURCES);
    const rollout = checkRollout(state, expected, NODES);
    expect([rollout.outcome, answers(rollout, 'no'), answers(rollout, 'unknown')]).toEqual([
      'not-live',
      [],
      ['included', 'observed', 'unpaused', 'healthy'],
    ]);
  });

  test('reasons of the cluster are told, in all their lines', () => {
    const message = 'Node c is reporting: "content mismatch\nfor file /etc/containers/policy.json"';
    const rollout = checkRollout(
      described({
        ...AFTER,
        conditions: [
          ['NodeDegraded', 'True', message],
          ['Degraded', 'False'],
          ['Updated', 'True'],
        ],
      }),
      expected,
      NODES,
    );
    expect(rollout.pools[0]?.findings.find(({ check }) => check === 'healthy')?.details).toEqual([
      'NodeDegraded',
      ...message.split('\n'),
    ]);
  });
});

describe('nodes', () => {
  test('one with an old file: the difference is shown', () => {
    const old = { node: 'c', files: new Map([[PATH, Buffer.from('{"default":[{"type":"reject"}]}\n')]]) };
    const rollout = checkRollout(described(AFTER), expected, [good('a'), good('b'), old]);
    expect(rollout.outcome).toBe('not-live');
    expect(rollout.pools[0]?.findings.find(({ check }) => check === 'nodes')).toMatchObject({
      answer: 'no',
      details: [
        `c: ${PATH}`,
        '  -{"default":[{"type":"insecureAcceptAnything"}]}',
        '  +{"default":[{"type":"reject"}]}',
        '   ',
      ],
    });
  });

  test('one without the file', () => {
    const rollout = checkRollout(described(AFTER), expected, [{ node: 'a', files: new Map() }]);
    expect(rollout.pools[0]?.findings.at(-1)?.details).toEqual([`a: ${PATH} is missing`]);
  });

  const FORGOTTEN = `rendered-worker-${'0'.repeat(32)}`;
  const ELSEWHERE = `rendered-worker-x-${'0'.repeat(32)}`;
  test.each<[string, string, string, string, string]>([
    ['done', 'Done', NEW_RENDERED, NEW_RENDERED, 'live'],
    ['working', 'Working', OLD_RENDERED, NEW_RENDERED, 'not-live'],
    ['done by the old configuration', 'Done', OLD_RENDERED, NEW_RENDERED, 'not-live'],
    ['left behind at one that nobody names any more', 'Done', FORGOTTEN, FORGOTTEN, 'not-live'],
    ['of another pool', 'Done', ELSEWHERE, ELSEWHERE, 'live'],
  ])('a Node that is %s', (_, state, current, desired, outcome) => {
    const annotations = {
      'machineconfiguration.openshift.io/currentConfig': current,
      'machineconfiguration.openshift.io/desiredConfig': desired,
      'machineconfiguration.openshift.io/state': state,
    };
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'a', annotations } };
    expect(checkRollout(listed(AFTER, RENDERED, node), expected, undefined).outcome).toBe(outcome);
  });

  test('a node whose pool cannot be told', () => {
    const state = described(AFTER);
    const both = { ...state, pools: state.pools.flatMap((pool) => [pool, { ...pool, name: 'infra' }]) };
    expect(() => checkRollout(both, expected, NODES)).toThrow('the pool of the node a is unknown');
  });
});

describe('who owns the path, from oc get mcp,mc', () => {
  test.each<[string, readonly object[], string, readonly CheckName[]]>([
    ['the rendered configuration holds it', [RENDERED], 'live', []],
    ['the rendered configuration holds another', [other(NEW_RENDERED, PATH, FOREIGN)], 'not-live', ['owner']],
    [
      'a later one writes it',
      [other(LATER, PATH, FOREIGN), other('99-worker-ssh', '/etc/x', FOREIGN)],
      'not-live',
      ['owner'],
    ],
    [
      'later ones write other paths',
      [other(LATER, '/etc/y', FOREIGN), other('99-worker-ssh', '/etc/x', FOREIGN)],
      'live',
      [],
    ],
    ['an earlier one writes it too', [RENDERED, other('00-worker', PATH, FOREIGN)], 'live', []],
  ])('%s', (_, others, outcome, noes) => {
    const rollout = checkRollout(listed(AFTER, ...others), expected, undefined);
    expect([rollout.outcome, answers(rollout, 'no')]).toEqual([outcome, noes]);
  });

  test('the later one is named', () => {
    const rollout = checkRollout(
      listed(AFTER, other(NEW_RENDERED, PATH, FOREIGN), other(LATER, PATH, FOREIGN)),
      expected,
      undefined,
    );
    expect(rollout.pools[0]?.findings.find(({ check }) => check === 'owner')?.details).toEqual([
      `${PATH}: owned by ${LATER}`,
    ]);
  });

  test('an older one of ours in the cluster', () => {
    const list = { apiVersion: 'v1', kind: 'List', items: [toObject(AFTER), ...render(FOREIGN), RENDERED] };
    const state = parseClusterState([{ name: 'x', bytes: Buffer.from(JSON.stringify(list)) }]);
    expect(answers(checkRollout(state, expected, undefined), 'no')).toEqual(['owner']);
  });
});

const UNIT = '/etc/systemd/system/crio.service';
const UNIT_D = `${UNIT}.d`;

describe('other places that nodes read signature settings from', () => {
  const SECTION = 'docker:\n  a.example: {use-sigstore-attachments: true}\n';
  const OURS_D = '/etc/containers/registries.d/ours.yaml';
  const withSection = parseMachineConfigs({
    name: 'ours.yaml',
    bytes: Buffer.from(
      toManifestsText(
        toMachineConfigs({
          pools: ['worker'],
          name,
          ignition: '3.4',
          files: [
            { path: PATH, bytes: POLICY },
            { path: OURS_D, bytes: Buffer.from(SECTION) },
          ],
        }),
        'yaml',
      ),
    ),
  });
  test.each<[string, string, string, string | undefined]>([
    ['another section', '/etc/containers/registries.d/x.yaml', SECTION.replace('a.', 'b.'), undefined],
    ['the same section', '/etc/containers/registries.d/x.yaml', SECTION, `docker.a.example is in ${OURS_D} and in`],
    ['the same section below /usr/share', '/usr/share/containers/registries.d/x.yaml', SECTION, 'nodes pull nothing'],
    ['one of our name below /usr/share', '/usr/share/containers/registries.d/ours.yaml', SECTION, undefined],
    ['a file that nodes do not read', '/etc/containers/registries.d/x.conf', SECTION, undefined],
    ['a file that is broken', '/etc/containers/registries.d/x.yaml', 'docker: [', 'x.yaml cannot be read'],
    [
      'another policy for CRI-O',
      '/etc/crio/crio.conf.d/9',
      '[crio.image]\nsignature_policy = "/etc/x"',
      'signature_policy',
    ],
    ['the same policy for CRI-O', '/etc/crio/crio.conf.d/9', `signature_policy = "${PATH}"`, undefined],
    ['a comment', '/etc/crio/crio.conf.d/9', '# signature_policy = "/etc/x"', undefined],
    ['policies of namespaces', '/etc/crio/crio.conf.d/9', 'signature_policy_dir = "/etc/x"', undefined],
    [
      'a variable',
      '/etc/systemd/system/crio.service.d/9',
      'Environment="CONTAINERS_POLICY_JSON=/x"',
      'CONTAINERS_POLICY_JSON',
    ],
    ['a variable of sysconfig', '/etc/sysconfig/crio', 'CONTAINERS_POLICY_JSON=/x', 'does not go by'],
    ['a key in quotation marks', '/etc/crio/crio.conf.d/9', '"signature_policy" = "/etc/x"', 'signature_policy'],
    ['a key of tables', '/etc/crio/crio.conf.d/9', 'crio.image.signature_policy = "/etc/x"', 'signature_policy'],
    ['an inline table', '/etc/crio/crio.conf.d/9', 'image = { signature_policy="/etc/x" }', 'signature_policy'],
    ['an escape', '/etc/crio/crio.conf.d/9', '"signature\\u005fpolicy" = "/etc/x"', 'signature_policy'],
    ['three quotation marks', '/etc/crio/crio.conf.d/9', 'signature_policy = """/etc/x"""', 'signature_policy'],
    ['a path that begins alike', '/etc/crio/crio.conf.d/9', `signature_policy = "${PATH} 2"`, 'signature_policy'],
    ['a comment behind a value', '/etc/crio/crio.conf.d/9', 'a = "#" # signature_policy = "/etc/x"', undefined],
    ['the same policy and a comment', '/etc/crio/crio.conf.d/9', `signature_policy = "${PATH}" # ours`, undefined],
    ['no policy', '/etc/crio/crio.conf.d/9', 'signature_policy = ""', undefined],
    ['a line that is too long to look into', '/etc/crio/crio.conf.d/9', `${'x'.repeat(4096)} signature_policy`, 'sets'],
    ['a long line of something else', '/etc/crio/crio.conf.d/9', 'x'.repeat(4097), undefined],
    ['the file beside its drop-ins', '/etc/crio/crio.conf', 'signature_policy = "/etc/x"', 'signature_policy'],
    ['CRI-O’s own variable', '/etc/sysconfig/crio', 'CONTAINER_SIGNATURE_POLICY=/x', 'CONTAINER_SIGNATURE_POLICY'],
    ['an option', '/etc/sysconfig/crio', 'CRIO_CONFIG_OPTIONS="--signature-policy /x"', '--signature-policy'],
    ['an option with one dash', '/etc/sysconfig/crio', 'CRIO_CONFIG_OPTIONS=-signature-policy=/x', '-signature-policy'],
    ['variables that are looked at', `${UNIT_D}/9`, 'EnvironmentFile=-/etc/sysconfig/crio', undefined],
    ['proxies of the operator', `${UNIT_D}/9`, 'EnvironmentFile=/etc/mco/proxy.env', undefined],
    ['the program itself', UNIT, 'ExecStart=/usr/bin/crio \\\n  $CRIO_CONFIG_OPTIONS', undefined],
    [
      'its own settings',
      UNIT,
      'ExecStart=/usr/bin/crio --config=/etc/crio/crio.conf -d /etc/crio/crio.conf.d',
      undefined,
    ],
    ['an option of another command', `${UNIT_D}/9`, 'ExecStartPre=/bin/sh -c true', undefined],
    ['what is forgotten', `${UNIT_D}/9`, 'ExecStart=\nEnvironmentFile=', undefined],
    ['a comment of a unit', `${UNIT_D}/9`, '#ExecStart=/x', undefined],
    [
      'the home that root has',
      `${UNIT_D}/9`,
      'User=root\nEnvironment=HOME=/root "XDG_CONFIG_HOME=/root/.config"',
      undefined,
    ],
    ['what beside it takes options', `${UNIT_D}/9`, 'ExecStartPre=/bin/sh \\\n  -c true\nBindPaths=', undefined],
    ['the same policy on the next line', UNIT, `ExecStart=/usr/bin/crio --signature-policy \\\n ${PATH}`, undefined],
    ['an option behind a comment', UNIT, 'ExecStart=/usr/bin/crio \\\n#x\n --signature-policy=/x', 'sets'],
    [
      'a drop-in of systemctl',
      '/etc/systemd/system.control/crio.service.d/9',
      'Environment=CONTAINER_SIGNATURE_POLICY=/x',
      'sets',
    ],
    [
      'a unit of the administrator',
      '/usr/local/lib/systemd/system/crio.service',
      'Environment=CONTAINER_SIGNATURE_POLICY=/x',
      'sets',
    ],
    [
      'a variable behind another one',
      '/etc/systemd/system/crio.service.d/9',
      'Environment = "A=#" "CONTAINERS_POLICY_JSON=/x"',
      'CONTAINERS_POLICY_JSON',
    ],
    [
      'the same policy before another variable',
      '/etc/systemd/system/crio.service.d/9',
      `Environment="CONTAINERS_POLICY_JSON=${PATH}" "A=b"`,
      undefined,
    ],
    ['a drop-in of all services', '/etc/systemd/system/service.d/9', 'Environment=CONTAINERS_POLICY_JSON=/x', 'sets'],
    ['the manager of services', '/etc/systemd/system.conf', 'DefaultEnvironment=CONTAINERS_POLICY_JSON=/x', 'sets'],
    ['the policy of root', '/root/.config/containers/policy.json', '{}', `CRI-O does not go by ${PATH}`],
    ['the policy of root, elsewhere', '/var/roothome/.config/containers/policy.json', '{}', 'CRI-O does not go by'],
    ['registries.d of root', '/root/.config/containers/registries.d/a', '', 'nodes read nothing of'],
    ['a drop-in of policy.json, which nothing reads', '/etc/containers/policy.json.d/9.json', '{}', undefined],
  ])('%s', (_, file, text, fault) => {
    const contents = new Map([
      [PATH, POLICY],
      [OURS_D, Buffer.from(SECTION)],
    ]);
    const node = { node: 'a', files: contents, others: new Map([[file, Buffer.from(text)]]) };
    const byNode = checkRollout(described(AFTER), withSection, [node]);
    expect(byNode.outcome).toBe(fault === undefined ? 'live' : 'not-live');
    const details = byNode.pools[0]?.findings.find(({ check }) => check === 'nodes')?.details.join();
    expect(details).toContain(fault ?? '');
    const rendered = other(NEW_RENDERED, file, Buffer.from(text));
    const merged = { files: [PATH, OURS_D, file].map((one) => [one, contents.get(one)?.toString() ?? text] as const) };
    Object.assign(rendered, {
      spec: {
        config: {
          storage: {
            files: merged.files.map(([one, source]) => ({
              path: one,
              contents: { source: `data:,${encodeURIComponent(source)}` },
            })),
          },
        },
      },
    });
    const list = { apiVersion: 'v1', kind: 'List', items: [toObject(AFTER), rendered] };
    const state = parseClusterState([{ name: 'mcp.json', bytes: Buffer.from(JSON.stringify(list)) }]);
    const byCluster = checkRollout(state, withSection, undefined);
    expect(answers(byCluster, 'no')).toEqual(fault === undefined ? [] : ['owner']);
  });
});

describe('places of which nothing is known are no all-clear', () => {
  test.each<[name: string, file: string, text: string, place: string]>([
    ['variables elsewhere', `${UNIT_D}/9`, 'EnvironmentFile=-"/etc/x.env"', '/etc/x.env'],
    ['variables of all services', '/etc/systemd/system/service.d/9', 'EnvironmentFile=/run/%n', '/run/%n'],
    ['another program', `${UNIT_D}/9`, 'ExecStart=\nExecStart=-/opt/bin/crio', '/opt/bin/crio'],
    ['a shell around it', UNIT, 'ExecStart=/bin/sh -c "exec /usr/bin/crio"', '/bin/sh'],
    ['other settings', UNIT, 'ExecStart=/usr/bin/crio --config /x.conf', '/x.conf'],
    ['other settings, one dash', UNIT, 'ExecStart=/usr/bin/crio -config=/x.conf', '/x.conf'],
    ['other settings on the next line', UNIT, 'ExecStart=/usr/bin/crio \\\n -c /x.conf', '/x.conf'],
    ['another folder of drop-ins', UNIT, 'ExecStart=/usr/bin/crio --config-dir "/x.d"', '/x.d'],
    ['other settings by options', '/etc/sysconfig/crio', 'CRIO_CONFIG_OPTIONS="--config /x.conf"', '/x.conf'],
    ['other settings by a variable', `${UNIT_D}/9`, 'Environment="CONTAINER_CONFIG=/x.conf"', '/x.conf'],
    ['another folder by a variable', '/etc/sysconfig/crio-x', 'CONTAINER_CONFIG_DIR=/x.d', '/x.d'],
    ['other settings behind a comment', UNIT, 'ExecStart=/usr/bin/crio \\\n # x\n --config /x.conf', '/x.conf'],
    ['another program below a comment that seems to go on', UNIT, '# x \\\nExecStart=/opt/crio', '/opt/crio'],
    ['another program below two backslashes', UNIT, 'Description=x\\\\\nExecStart=/opt/crio', '/opt/crio'],
    ['another program below a backslash and a space', UNIT, 'Description=x\\ \nExecStart=/opt/crio', '/opt/crio'],
    ['other settings by a variable of its own', `${UNIT_D}/9`, 'Environment="EXTRA=--config /x.conf"', '/x.conf'],
    ['other settings by an escape', UNIT, 'ExecStart=/usr/bin/crio --con\\x66ig /x.conf', '/x.conf'],
    ['another home', `${UNIT_D}/9`, 'Environment=HOME=/x', '/x'],
    ['another home of settings', '/etc/systemd/system.conf', 'DefaultEnvironment="XDG_CONFIG_HOME=/x"', '/x'],
    ['another user', `${UNIT_D}/9`, 'User=crio', 'sets User to crio'],
    ['another view of its files', `${UNIT_D}/9`, 'BindReadOnlyPaths=/x:/etc/containers', 'sets BindReadOnlyPaths'],
    ['variables of another program', `${UNIT_D}/9`, 'EnvironmentFile=/etc/sysconfig/other', '/etc/sysconfig/other'],
  ])('a unit leads to %s', (_, file, text, place) => {
    const node = { node: 'a', files: new Map([[PATH, POLICY]]), others: new Map([[file, Buffer.from(text)]]) };
    const found = checkRollout(described(AFTER), expected, [node]);
    expect(found.outcome).toBe('not-live');
    const finding = found.pools[0]?.findings.find(({ check }) => check === 'nodes');
    expect(finding?.answer).toBe('unknown');
    expect(finding?.details.join()).toContain(place);
  });

  test('variables that a unit names are read, where they are known', () => {
    const rendered = other(NEW_RENDERED, PATH, POLICY) as { spec: { config: Record<string, unknown> } };
    const source = (text: string) => ({ source: `data:,${encodeURIComponent(text)}` });
    const answer = (variables: string) => {
      rendered.spec.config = {
        storage: {
          files: [
            { path: PATH, contents: source(POLICY.toString()) },
            { path: '/etc/x.env', contents: source(variables) },
          ],
        },
        systemd: { units: [{ name: 'crio.service', contents: 'EnvironmentFile=/etc/x.env' }] },
      };
      const list = { apiVersion: 'v1', kind: 'List', items: [toObject(AFTER), rendered] };
      const state = parseClusterState([{ name: 'mcp.json', bytes: Buffer.from(JSON.stringify(list)) }]);
      return checkRollout(state, expected, undefined).pools[0]?.findings.find(({ check }) => check === 'owner');
    };
    expect(answer('A=b')?.answer).toBe('yes');
    expect(answer('CONTAINER_SIGNATURE_POLICY=/x')?.answer).toBe('no');
    expect(answer('CONTAINER_CONFIG=/x.conf')?.answer).toBe('unknown');
  });

  const withSettings = (storage: object) => {
    const rendered = other(NEW_RENDERED, PATH, POLICY) as { spec: { config: { storage: { files: object[] } } } };
    const { files } = rendered.spec.config.storage;
    const { files: more = [], ...rest } = storage as { readonly files?: readonly object[] };
    rendered.spec.config.storage = { files: [...files, ...more], ...rest };
    const list = { apiVersion: 'v1', kind: 'List', items: [toObject(AFTER), rendered] };
    return parseClusterState([{ name: 'mcp.json', bytes: Buffer.from(JSON.stringify(list)) }]);
  };
  const DROP_IN = '/etc/crio/crio.conf.d/9.conf';

  test.each<[name: string, storage: object, isKnown: boolean]>([
    ['contents of a URL', { files: [{ path: DROP_IN, contents: { source: 'https://a.example/x' } }] }, false],
    ['an unknown compression', { files: [{ path: DROP_IN, contents: { source: 'data:,', compression: 'x' } }] }, false],
    ['a link', { links: [{ path: DROP_IN, target: '/etc/x' }] }, false],
    ['a link in place of the folder', { links: [{ path: '/etc/crio/crio.conf.d', target: '/etc/x' }] }, false],
    ['a link above it', { links: [{ path: '/root/.config', target: '/etc/x' }] }, false],
    ['a link to a policy of root', { links: [{ path: '/root/.config/containers/policy.json' }] }, false],
    ['a link elsewhere', { links: [{ path: '/etc/crio/x', target: '/etc/x' }] }, true],
    ['a URL elsewhere', { files: [{ path: '/etc/x', contents: { source: 'https://a.example/x' } }] }, true],
  ])('of a MachineConfig: %s', (_, storage, isKnown) => {
    const found = checkRollout(withSettings(storage), expected, undefined);
    expect(answers(found, 'yes').includes('owner')).toBe(isKnown);
    expect(found.outcome).toBe(isKnown ? 'live' : 'not-live');
  });

  test.each<[name: string, others: ReadonlyMap<string, Uint8Array | undefined>, outcome: string]>([
    ['a link', new Map([[DROP_IN, undefined]]), 'not-live'],
    ['a link in place of the folder', new Map([['/etc/crio/crio.conf.d', undefined]]), 'not-live'],
    ['nothing', new Map(), 'live'],
  ])('of a node: %s', (_, others, outcome) => {
    const nodes = [{ node: 'a', files: new Map([[PATH, POLICY]]), others }];
    expect(checkRollout(described(AFTER), expected, nodes).outcome).toBe(outcome);
  });
});

test.each<[string, object, boolean]>([
  [
    'a drop-in',
    { name: 'crio.service', dropins: [{ name: '9.conf', contents: 'Environment=CONTAINERS_POLICY_JSON=/x' }] },
    false,
  ],
  ['the unit', { name: 'crio.service', contents: 'ExecStart=crio --signature-policy=/x' }, false],
  [
    'a drop-in of another service',
    { name: 'a.service', dropins: [{ name: '9', contents: 'Environment=CONTAINERS_POLICY_JSON=/x' }] },
    true,
  ],
  ['a drop-in that says nothing of it', { name: 'crio.service', enabled: true, dropins: [{ name: '9' }] }, true],
])('units of systemd in the rendered MachineConfig count: %s', (_, unit, isLive) => {
  const rendered = other(NEW_RENDERED, PATH, POLICY) as { spec: { config: object } };
  Object.assign(rendered.spec.config, { systemd: { units: [unit] } });
  const list = { apiVersion: 'v1', kind: 'List', items: [toObject(AFTER), rendered] };
  const state = parseClusterState([{ name: 'mcp.json', bytes: Buffer.from(JSON.stringify(list)) }]);
  expect(answers(checkRollout(state, expected, undefined), 'no')).toEqual(isLive ? [] : ['owner']);
});

test('a MachineConfig whose policy is open below a scope that asks is warned of, and live all the same', () => {
  const signedBy = [{ type: 'signedBy', keyType: 'GPGKeys', keyPath: '/etc/pki/k' }];
  const open = [{ type: 'insecureAcceptAnything' }];
  const docker = {
    'r.example': signedBy,
    'r.example/a': open,
    'r.example/a/b': signedBy,
    'r.example/a/b/c': open,
    's.example': open,
  };
  const bytes = Buffer.from(JSON.stringify({ default: open, transports: { docker } }));
  const ours = parseMachineConfigs({ name: 'ours.yaml', bytes: Buffer.from(toManifestsText(render(bytes), 'yaml')) });
  const nodes = ['a', 'b', 'c'].map((node): NodeContents => ({ node, files: new Map([[PATH, bytes]]) }));
  const { outcome, warnings } = checkRollout(described(AFTER), ours, nodes);
  expect(outcome).toBe('live');
  expect(warnings).toEqual([
    expect.stringContaining(`${PATH}: r.example/a accepts anything, although r.example does not`) as unknown,
    expect.stringContaining(`${PATH}: r.example/a/b/c accepts anything, although r.example/a/b does not`) as unknown,
  ]);
  expect(checkRollout(described(AFTER), expected, NODES).warnings).toEqual([]);
});

describe('image policies', () => {
  const keyData = Buffer.from(
    '-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n',
  ).toString('base64');
  const scope = 'registry.example.com/acme';
  const object = (kind: string, metadata: object) => ({
    apiVersion: 'config.openshift.io/v1',
    kind,
    metadata,
    spec: {
      scopes: [scope],
      policy: {
        rootOfTrust: { policyType: 'PublicKey', publicKey: { keyData } },
        signedIdentity: { matchPolicy: 'MatchRepository' },
      },
    },
  });
  const parse = (...objects: readonly object[]) =>
    parseImagePolicies({ name: 'policies.yaml', bytes: Buffer.from(toManifestsText(objects, 'yaml')) });
  const cluster = object('ClusterImagePolicy', { name: 'acme' });
  const ofNamespace = object('ImagePolicy', { name: 'acme', namespace: 'n' });
  const nodePolicy = (change: object = {}) =>
    JSON.stringify({
      default: [{ type: 'insecureAcceptAnything' }],
      transports: {
        docker: {
          [scope]: [{ type: 'sigstoreSigned', keyData, signedIdentity: { type: 'matchRepository' }, ...change }],
        },
      },
    });
  const OPEN = [{ type: 'insecureAcceptAnything' }];
  const SIGNED = [{ type: 'sigstoreSigned', keyData, signedIdentity: { type: 'matchRepository' } }];
  const beside = (scopes: object) =>
    JSON.stringify({ default: OPEN, transports: { docker: { [scope]: SIGNED, ...scopes } } });
  const SERVED = `docker:\n  ${scope}: {use-sigstore-attachments: true}\n`;
  const ATTACHED = '/etc/containers/registries.d/sigstore-registries.yaml';
  const GENERATED = '99-worker-generated-registries';
  const pool: DescribedPool = { ...AFTER, wanted: [...NEW_SOURCES, GENERATED], current: [...NEW_SOURCES, GENERATED] };
  const rendered = (files: Readonly<Record<string, string>>) => ({
    apiVersion: 'machineconfiguration.openshift.io/v1',
    kind: 'MachineConfig',
    metadata: { name: NEW_RENDERED },
    spec: {
      config: {
        storage: {
          files: Object.entries(files).map(([file, text]) => ({
            path: file,
            contents: { source: `data:,${encodeURIComponent(text)}` },
          })),
        },
      },
    },
  });
  const OTHER_KEY = Buffer.from('x').toString('base64');

  test.each<[string, object, Readonly<Record<string, string>>, string | undefined]>([
    ['is there', cluster, { [PATH]: nodePolicy(), [ATTACHED]: SERVED }, undefined],
    [
      'of a namespace is there',
      ofNamespace,
      { '/etc/crio/policies/n.json': nodePolicy(), [ATTACHED]: SERVED },
      undefined,
    ],
    [
      'of a namespace in the file of all',
      ofNamespace,
      { [PATH]: nodePolicy(), [ATTACHED]: SERVED },
      'n.json is missing',
    ],
    [
      'by another key',
      cluster,
      { [PATH]: nodePolicy({ keyData: OTHER_KEY }), [ATTACHED]: SERVED },
      'does not require what',
    ],
    [
      'by another identity',
      cluster,
      { [PATH]: nodePolicy({ signedIdentity: { type: 'matchExact' } }), [ATTACHED]: SERVED },
      'does not require',
    ],
    [
      'that accepts anything',
      cluster,
      { [PATH]: nodePolicy().replace(scope, 'b.example'), [ATTACHED]: SERVED },
      'does not require',
    ],
    [
      'whose signatures are not looked for',
      cluster,
      { [PATH]: nodePolicy(), [ATTACHED]: SERVED.replace('true', 'false') },
      'use-sigstore-attachments',
    ],
    [
      'with a narrower scope that accepts anything',
      cluster,
      { [PATH]: beside({ [`${scope}/open`]: OPEN, 'other.example': OPEN, [`${scope}2`]: OPEN }), [ATTACHED]: SERVED },
      `${scope}/open within ${scope} accepts anything`,
    ],
    [
      'with a narrower scope that rejects, or asks for another signature',
      cluster,
      { [PATH]: beside({ [`${scope}/no`]: [{ type: 'reject' }], [`${scope}/b`]: SIGNED }), [ATTACHED]: SERVED },
      undefined,
    ],
    [
      'in a place that CRI-O does not go by',
      cluster,
      { [PATH]: nodePolicy(), [ATTACHED]: SERVED, '/etc/crio/crio.conf.d/9': 'signature_policy = "/etc/x"' },
      'sets signature_policy',
    ],
    [
      'beside one of root',
      cluster,
      { [PATH]: nodePolicy(), [ATTACHED]: SERVED, '/root/.config/containers/policy.json': '{}' },
      `CRI-O does not go by ${PATH}`,
    ],
    [
      'whose section is in another file too',
      cluster,
      { [PATH]: nodePolicy(), [ATTACHED]: SERVED, '/etc/containers/registries.d/x.yaml': SERVED },
      'nodes pull nothing with both',
    ],
    [
      'beside another directory for namespaces',
      cluster,
      { [PATH]: nodePolicy(), [ATTACHED]: SERVED, '/etc/crio/crio.conf.d/9': 'signature_policy_dir = "/etc/x"' },
      undefined,
    ],
    [
      'of a namespace in a directory that CRI-O does not go by',
      ofNamespace,
      {
        '/etc/crio/policies/n.json': nodePolicy(),
        [ATTACHED]: SERVED,
        '/etc/crio/crio.conf.d/9': 'signature_policy_dir = "/etc/x"',
      },
      'sets signature_policy_dir: CRI-O does not go by /etc/crio/policies',
    ],
    [
      'of a namespace beside another place for all',
      ofNamespace,
      {
        '/etc/crio/policies/n.json': nodePolicy(),
        [ATTACHED]: SERVED,
        '/etc/crio/crio.conf.d/9': 'signature_policy = "/etc/x"',
      },
      undefined,
    ],
    [
      'with an image that accepts anything',
      cluster,
      { [PATH]: beside({ [`${scope}/a:latest`]: OPEN }), [ATTACHED]: SERVED },
      `${scope}/a:latest within ${scope} accepts anything`,
    ],
    ['without registries.d', cluster, { [PATH]: nodePolicy() }, 'sigstore-registries.yaml is missing'],
    ['that nodes cannot read', cluster, { [PATH]: '{', [ATTACHED]: SERVED }, 'policy.json cannot be read'],
  ])('one %s', (_, policy, files, fault) => {
    const byCluster = checkPolicyRollout(listed(pool, rendered(files)), parse(policy), undefined);
    expect(byCluster.outcome).toBe(fault === undefined ? 'live' : 'not-live');
    expect(answers(byCluster, 'no')).toEqual(fault === undefined ? [] : ['owner']);
    const held = new Map(Object.entries(files).map(([file, text]) => [file, Buffer.from(text)]));
    const byNode = checkPolicyRollout(listed(pool, rendered(files)), parse(policy), [{ node: 'a', files: held }]);
    const details = byNode.pools[0]?.findings.find(({ check }) => check === 'nodes')?.details.join() ?? '';
    expect(details).toContain(fault ?? '');
    expect(details === '').toBe(fault === undefined);
  });

  test('what is not shown is unknown, and not live', () => {
    const rollout = checkPolicyRollout(listed(pool), parse(cluster), undefined);
    expect([rollout.outcome, answers(rollout, 'unknown')]).toEqual(['not-live', ['owner']]);
  });

  test('a pool without the cluster’s own MachineConfig does not have it', () => {
    const files = { [PATH]: nodePolicy(), [ATTACHED]: SERVED };
    expect(answers(checkPolicyRollout(listed(AFTER, rendered(files)), parse(cluster), undefined), 'no')).toContain(
      'included',
    );
  });

  test.each<[string, readonly object[], string]>([
    ['an ImagePolicy without a namespace', [object('ImagePolicy', { name: 'a' })], 'metadata.namespace is missing'],
    [
      'another object beside it',
      [cluster, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } }],
      'expected only image policies',
    ],
    ['one that the API refuses', [{ ...cluster, spec: { ...cluster.spec, scopes: [] } }], 'the list must not be empty'],
  ])('%s', (_, objects, fault) => {
    expect(() => parse(...objects)).toThrow(fault);
  });
});

describe('pools', () => {
  test('one that is not shown', () => {
    const master = toMachineConfigs({
      pools: ['worker', 'master'],
      name,
      ignition: '3.4',
      files: [{ path: PATH, bytes: POLICY }],
    });
    const both = parseMachineConfigs({ name: 'x', bytes: Buffer.from(toManifestsText(master, 'json')) });
    expect(checkRollout(listed(AFTER, RENDERED), both, undefined)).toMatchObject({
      outcome: 'not-live',
      faults: ['no given pool selects 51-master-rh-registry-trust'],
    });
  });

  test('none of the MachineConfigs is for it', () => {
    const state = listed(AFTER, RENDERED);
    const master = state.pools.map((pool) => ({ ...pool, name: 'master', selector: undefined }));
    const rollout = checkRollout({ ...state, pools: [...state.pools, ...master] }, expected, undefined);
    expect([rollout.outcome, rollout.pools.map(({ outcome }) => outcome)]).toEqual(['live', ['live', 'unconcerned']]);
  });

  test('no machine anywhere', () => {
    const rollout = checkRollout(listed({ ...AFTER, total: 0, updated: 0, ready: 0 }, RENDERED), expected, undefined);
    expect(rollout).toMatchObject({ outcome: 'not-live', faults: ['the pools have no machine'] });
  });

  test('a custom pool that takes ours by an expression', () => {
    const selector = {
      matchLabels: {},
      matchExpressions: [
        { key: 'machineconfiguration.openshift.io/role', operator: 'In', values: ['worker', 'infra'] },
      ],
    };
    const state = listed(AFTER, RENDERED);
    const infra = state.pools.map((pool) => ({ ...pool, name: 'infra', selector }));
    expect(checkRollout({ ...state, pools: infra }, expected, undefined).pools[0]).toMatchObject({
      outcome: 'live',
      expected: [OURS],
    });
  });
});
