import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { median } from '../../../bench/row.ts';
import { runBounded } from '../../../lib/platform/queues/run-bounded.ts';
import {
  CLUSTER_VERSION_STATUS,
  type ClusterObject,
  COMPONENT,
  FOREIGN,
  GOOD,
  make,
  makeClusterVersion,
  toApiPath,
  UNSIGNED,
} from '../../apiserver/cluster-objects.ts';
import { issueCertificate } from '../../apiserver/make-certificates.ts';
import { ADMISSION_SCENARIOS, type AdmissionScenario } from '../../apiserver/scenarios.ts';
import {
  type ApiAnswer,
  type ApiServer,
  findApiServer,
  JANE,
  startApiServer,
} from '../../apiserver/start-api-server.ts';
import { type RunningSignet, startSignet } from '../../apiserver/start-signet.ts';
import { serveDirectory } from '../../cluster-reader/serve-directory.ts';
import { startNginxWith } from '../../cluster-reader/start-nginx.ts';
import { findFreePort } from '../../support/find-free-port.ts';
import { FIXTURE_STORE, FIXTURE_TRUST } from '../../support/fixture-releases.ts';
import { runSignet } from '../../support/run-signet.ts';
import { startServer, type TestServer } from '../../support/servers/start-server.ts';
import { findTool } from '../../support/tools.ts';

const programs = findApiServer();
const nginx = findTool('nginx');
/** Creations that are timed of each kind, and those before. */
const [TIMED, TIMED_WARM] = [100, 10];
const TOKEN = '5f1b9f0d6f3a4c0e8f2f6a7b8c9d0e1f';

describe.skipIf(programs === undefined)('a real API server', () => {
  let work: string;
  let api: ApiServer;
  let store: TestServer;
  let signet: RunningSignet;
  let signetArgs: readonly string[];
  let ca: string;

  beforeAll(async () => {
    if (programs === undefined) return;
    work = await mkdtemp(path.join(tmpdir(), 'signet-apiserver-'));
    [api, store] = await Promise.all([startApiServer(programs, path.join(work, 'api')), serveDirectory(FIXTURE_STORE)]);
    await cp(FIXTURE_TRUST, path.join(work, 'trust'), { recursive: true });
    const tokenSha256 = createHash('sha256').update(TOKEN).digest('hex');
    const clusters = [
      { cluster: 'by-token', tokenSha256, addresses: ['127.0.0.1/32', '::1/128'] },
      { cluster: 'by-proxy', clientNames: ['front-proxy-client'] },
    ];
    await writeFile(path.join(work, 'admission.json'), JSON.stringify({ schema: 1, clusters }));
    await writeFile(path.join(work, 'token'), TOKEN);
    ca = api.authority.cert;
    const names = ['127.0.0.1', 'localhost', 'signet.signet.svc'];
    const { cert, key } = await issueCertificate(work, api.authority, { file: 'signet', commonName: 'signet', names });
    const port = await findFreePort();
    signetArgs = [
      '--port',
      String(port),
      '--data',
      path.join(work, 'data'),
      '--trust',
      path.join(work, 'trust'),
      '--store',
      store.origin,
      '--allow-private-stores',
      '--admission',
      path.join(work, 'admission.json'),
      '--tls-cert',
      cert,
      '--tls-key',
      key,
      '--client-ca',
      api.frontProxyAuthority.cert,
    ];
    signet = await startSignet(signetArgs);
    // A Service of another kind than in a cluster, for want of a network: the way from the API server on is the same.
    await apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'signet', namespace: 'signet' },
      spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ port }] },
    });
    await apply(makeClusterVersion({}));
    const status = { ...makeClusterVersion({}), status: CLUSTER_VERSION_STATUS };
    const place = `${toApiPath('clusterversions', status, true)}/status`;
    const current = JSON.parse((await api.request('GET', place)).body) as object;
    const written = await api.request('PUT', place, { ...current, status: CLUSTER_VERSION_STATUS });
    if (written.status !== 200) throw new Error(written.body);
    for (const resource of ['clusterdeployments', 'hostedclusters', 'nodepools', 'machineconfigs'] as const) {
      await apply(make[resource]('there', {}));
    }
  }, 180_000);

  afterAll(async () => {
    await signet?.stop();
    await store?.close();
    await api?.close();
    if (work !== undefined) await rm(work, { recursive: true });
  });

  async function apply(object: object): Promise<void> {
    const { status, stderr } = await api.kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify(object));
    if (status !== 0) throw new Error(stderr);
  }

  /** Renders by the command line, and applies. */
  async function install(...args: readonly string[]): Promise<void> {
    await applyRendered(args);
    await untilCounted();
  }

  async function applyRendered(args: readonly string[]): Promise<void> {
    const { status, stdout, stderr } = await runSignet(['render', ...args]);
    if (status !== 0) throw new Error(stderr);
    const applied = await api.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], stdout);
    if (applied.status !== 0) throw new Error(applied.stderr);
  }

  /** An API server learns of policies and webhooks a moment after they are stored. */
  async function untilCounted(): Promise<void> {
    for (const resource of ['clusterimagesets', 'nodepools'] as const) await untilCountedFor(resource);
  }

  async function untilCountedFor(resource: 'clusterimagesets' | 'nodepools'): Promise<void> {
    const spec = resource === 'nodepools' ? { release: { image: FOREIGN } } : { releaseImage: FOREIGN };
    const object = make[resource]('counted', spec);
    const place = `${toApiPath(resource, object)}?dryRun=All`;
    while ((await api.request('POST', place, object)).status === 201) await delay(50);
  }

  const uninstall = async (): Promise<void> => {
    const kinds = 'validatingwebhookconfigurations,validatingadmissionpolicies,validatingadmissionpolicybindings';
    await api.kubectl(['delete', kinds, '--all']);
  };

  /** What the API server makes of a scenario, without storing anything. */
  async function tryScenario({ resource, create, patch }: AdmissionScenario): Promise<ApiAnswer> {
    if (create !== undefined && resource !== 'clusterversions') {
      const object = make[resource]('tried', create);
      return await api.request('POST', `${toApiPath(resource, object)}?dryRun=All`, object);
    }
    const there = resource === 'clusterversions' ? makeClusterVersion({}) : make[resource]('there', {});
    return await api.request('PATCH', `${toApiPath(resource, there, true)}?dryRun=All`, patch);
  }

  /** What came of every scenario, beside what was to come of it. */
  async function tryAll(isAllowed: (scenario: AdmissionScenario) => boolean, isExact: boolean) {
    const answered: unknown[] = [];
    const expected: unknown[] = [];
    for (const scenario of ADMISSION_SCENARIOS) {
      const { status, body, warnings } = await tryScenario(scenario);
      const { name, says = '' } = scenario;
      const isDone = status === 200 || status === 201;
      const said = `${isDone ? '' : body.replaceAll('\\"', '"')} ${warnings.join(' ')}`;
      answered.push([name, isDone, isExact && !said.includes(says) ? said : says]);
      expected.push([name, isAllowed(scenario), says]);
    }
    return { answered, expected };
  }

  const service = (): string => `signet/signet:${new URL(signet.url).port}`;
  const byProxy = (): readonly string[] => ['webhooks', '--service', service(), '--aggregated', '--ca', ca];
  const byToken = (): readonly string[] => [
    'webhooks',
    '--url',
    signet.url,
    '--token-file',
    path.join(work, 'token'),
    '--ca',
    ca,
  ];

  describe.each([
    ['through the API of the cluster', byProxy],
    ['by a token in the URL', byToken],
  ])('the webhook, called %s', (_, call) => {
    test.each(['Fail', 'Ignore'])('answers every scenario under %s', async (failurePolicy) => {
      await install(...call(), '--failure-policy', failurePolicy);
      const { answered, expected } = await tryAll(({ isAllowed }) => isAllowed, true);
      expect(answered).toEqual(expected);
      await uninstall();
    });

    test('answers alike without match conditions', async () => {
      await install(...call(), '--no-match-conditions');
      const { answered, expected } = await tryAll(({ isAllowed }) => isAllowed, true);
      expect(answered).toEqual(expected);
      await uninstall();
    });
  });

  test('the policy in CEL answers every scenario but for signatures, and nothing is asked', async () => {
    await install('admission-policy', '--trust', path.join(work, 'trust'));
    // Each policy counts a moment after the other.
    for (const scenario of ADMISSION_SCENARIOS.filter((one) => !(one.isAllowedByPolicy ?? one.isAllowed))) {
      while ((await tryScenario(scenario)).status < 400) await delay(50);
    }
    const before = signet.log().length;
    const { answered, expected } = await tryAll(
      ({ isAllowed, isAllowedByPolicy }) => isAllowedByPolicy ?? isAllowed,
      false,
    );
    expect(answered).toEqual(expected);
    expect(signet.log().slice(before)).not.toContain('review-admission');
    await uninstall();
  });

  /** Puts a webhook on node pools that leads elsewhere, under the policy that lets through what is not answered. */
  async function misdirect(change: (target: Target) => Target, call: () => readonly string[] = byToken) {
    const { stdout } = await runSignet([
      'render',
      ...call(),
      '--kind',
      'nodepools',
      '--failure-policy',
      'Ignore',
      '-o',
      'json',
      '--no-match-conditions',
    ]);
    const parsed = JSON.parse(stdout) as { readonly items?: readonly Manifest[] } & Manifest;
    for (const object of parsed.items ?? [parsed]) {
      const { webhooks } = object;
      const changed = webhooks?.map((one) => ({ ...one, clientConfig: change(one.clientConfig) }));
      await apply(changed === undefined ? object : { ...object, webhooks: changed });
    }
    await untilCountedFor('nodepools');
  }

  const atUrl = (change: (url: string) => string) => (to: Target) => ({ ...to, url: change(to.url ?? '') });
  const atService = (to: Target) => ({ ...to, service: { ...to.service, path: `${to.service?.path}x` } });

  test.each<[string, Parameters<typeof misdirect>]>([
    ['the path of another kind', [atUrl((url) => url.replace('nodepools', 'hostedclusters'))]],
    ['a kind that is not reviewed', [atUrl((url) => url.replace('nodepools', 'pods'))]],
    ['a wrong token', [atUrl((url) => url.replace(TOKEN, `${TOKEN}x`))]],
    ['no token', [atUrl((url) => url.replace(`${TOKEN}/`, ''))]],
    ['a path that goes on', [atUrl((url) => `${url}/x`)]],
    ['another kind through the API of the cluster', [atService, byProxy]],
  ])('a webhook with %s denies, also where failures are ignored', async (_, given) => {
    await misdirect(...given);
    const object = make.nodepools('misdirected', {});
    const { status, body } = await api.request('POST', `${toApiPath('nodepools', object)}?dryRun=All`, object);
    expect([status >= 400, body]).toEqual([true, expect.stringContaining('denied the request')]);
    await uninstall();
  });

  test.each(['Fail', 'Ignore'])(
    'an object that is too long is denied by Signet under %s, and two of 1.4 MiB are judged',
    async (failurePolicy) => {
      await install(...byProxy(), '--failure-policy', failurePolicy);
      const long = (bytes: number, spec: object) =>
        make.machineconfigs('long', { config: { a: 'x'.repeat(bytes) }, ...spec });
      const large = 1.4 * 1024 * 1024;
      const place = toApiPath('machineconfigs', long(0, {}), true);
      await api.request('DELETE', place);
      expect((await api.request('POST', toApiPath('machineconfigs', long(0, {})), long(large, {}))).status).toBe(201);
      const judged = await api.request('PATCH', place, long(large, { osImageURL: COMPONENT }));
      expect([judged.status, judged.body]).toEqual([403, expect.stringContaining('spec.osImageURL')]);
      const longer = await api.request('PATCH', place, long(2 * large, { osImageURL: COMPONENT }));
      expect([longer.status, longer.body]).toEqual([413, expect.stringContaining('denied the request')]);
      await api.request('DELETE', place);
      await uninstall();
    },
  );

  const create = async (name: string, releaseImage: string, token?: string): Promise<ApiAnswer> => {
    const object = make.clusterimagesets(name, { releaseImage });
    return await api.request('POST', `${toApiPath('clusterimagesets', object)}?dryRun=All`, object, token);
  };
  /** Of every scenario whether it was stored, and whether Signet, or its absence, said why not. */
  const tryEach = async (): Promise<ReadonlyMap<string, string>> => {
    const answers = await runBounded(ADMISSION_SCENARIOS, 8, async (scenario) => {
      const { status, body } = await tryScenario(scenario);
      const denied = body.includes('denied the request') ? 'denied' : 'not answered';
      return [scenario.name, status === 200 || status === 201 ? 'stored' : denied] as const;
    });
    return new Map(answers);
  };

  test.each(['Fail', 'Ignore'])(
    'under %s every scenario, with Signet up, stopped, gone and started again',
    async (failurePolicy) => {
      await install(...byToken(), '--failure-policy', failurePolicy, '--timeout', '2');
      const judged = new Map(ADMISSION_SCENARIOS.map(({ name, isAllowed }) => [name, isAllowed ? 'stored' : 'denied']));
      expect(await tryEach()).toEqual(judged);
      // What no webhook is called for goes on; under Fail nothing else does.
      const unconcerned = new Set(
        ADMISSION_SCENARIOS.filter(({ isReviewed }) => isReviewed === false).map(({ name }) => name),
      );
      const without = new Map(
        ADMISSION_SCENARIOS.map(({ name }) => [
          name,
          failurePolicy === 'Ignore' || unconcerned.has(name) ? 'stored' : 'not answered',
        ]),
      );
      signet.pause();
      expect(await tryEach()).toEqual(without);
      signet.resume();
      expect(await tryEach()).toEqual(judged);
      await signet.stop();
      expect(await tryEach()).toEqual(without);
      signet = await startSignet(signetArgs);
      expect(await tryEach()).toEqual(judged);
      await uninstall();
    },
    180_000,
  );

  test.each(['Fail', 'Ignore'])('under %s: a store that does not answer is a denial in time', async (failurePolicy) => {
    await signet.stop();
    const silent = await startServer(() => undefined);
    const replaced = signetArgs.map((one) => (one === store.origin ? silent.origin : one));
    signet = await startSignet([...replaced, '--data', path.join(work, `silent-${failurePolicy}`)]);
    await install(...byToken(), '--failure-policy', failurePolicy, '--timeout', '3');
    const { status, body } = await create('a', GOOD);
    expect([status, body]).toEqual([expect.toBeOneOf([503, 504]), expect.stringContaining('denied the request')]);
    // What the pullspec or the door decides needs no store; nothing is stored that was denied with one.
    const answers = await tryEach();
    for (const { name, isAllowed } of ADMISSION_SCENARIOS) {
      if (!isAllowed) expect([name, answers.get(name)]).toEqual([name, 'denied']);
    }
    expect(new Set(answers.values())).toEqual(new Set(['stored', 'denied']));
    await uninstall();
    await signet.stop();
    await silent.close();
    signet = await startSignet(signetArgs);
  });

  test('a denial by repository contacts no store', async () => {
    await install(...byProxy());
    const before = store.requests.length;
    for (const name of ['a', 'b', 'c']) expect((await create(name, FOREIGN)).status).toBe(403);
    expect(store.requests.length).toBe(before);
    await uninstall();
  });

  test('500 creations by 25 clients at once go through without an error', async () => {
    await install(...byProxy());
    const names = Array.from({ length: 500 }, (_, index) => `many-${index}`);
    const answers = await runBounded(names, 25, async (name) => (await create(name, GOOD, JANE)).status);
    expect(new Set(answers)).toEqual(new Set([201]));
    await uninstall();
  });

  test.for<readonly [string, () => readonly string[]]>([
    ['through the API of the cluster', () => [...byProxy(), '--object-selector', 'judged=yes']],
    ['by a token in the URL', () => [...byToken(), '--object-selector', 'judged=yes']],
  ])('what a webhook called %s adds to a creation', { timeout: 240_000 }, async ([way, args], { annotate }) => {
    await applyRendered(args());
    const withLabel = (kind: string, name: string, releaseImage: string) => {
      const object = make.clusterimagesets(name, { releaseImage });
      return { ...object, metadata: { ...object.metadata, labels: { judged: kind === 'judged' ? 'yes' : 'no' } } };
    };
    const send = (object: ClusterObject) => api.request('POST', toApiPath('clusterimagesets', object), object);
    let tries = 0;
    while ((await send(withLabel('judged', `counted-${tries++}`, FOREIGN))).status === 201) await delay(50);
    const times: Record<'judged' | 'plain', number[]> = { judged: [], plain: [] };
    const before = signet.log().split('review-admission').length;
    // One of each after the other, so that whatever the machine does befalls both; the webhook selects one of them.
    for (let index = -TIMED_WARM; index < TIMED; index++) {
      for (const kind of ['judged', 'plain'] as const) {
        const object = withLabel(kind, `timed-${kind}-${index + TIMED_WARM}`, GOOD);
        const started = performance.now();
        const { status } = await send(object);
        if (index >= 0) times[kind].push(performance.now() - started);
        expect(status).toBe(201);
      }
    }
    const [judged, plain] = [times.judged, times.plain].map(median);
    const ratio = (judged ?? Number.NaN) / (plain ?? Number.NaN);
    await annotate(
      `${way}: median of ${TIMED} creations ${judged?.toFixed(1)} ms, ${plain?.toFixed(1)} ms without, ratio ${ratio.toFixed(2)}`,
    );
    // Each of one kind was asked about, and none of the other.
    expect(signet.log().split('review-admission').length - before).toBeGreaterThanOrEqual(TIMED);
    await api.kubectl(['delete', 'clusterimagesets', '-l', 'judged']);
    await uninstall();
  });

  test.each([
    {
      what: 'a release',
      resource: 'clusterimagesets',
      spec: { releaseImage: FOREIGN },
      named: { kind: 'ClusterImageSet', name: 'asked', operation: 'CREATE' },
      judged: { pullspec: FOREIGN, outcome: 'rejected' },
    },
    {
      what: 'a component',
      resource: 'clusterdeployments',
      spec: { provisioning: { releaseImage: GOOD, installerImageOverride: COMPONENT } },
      named: {
        kind: 'ClusterDeployment',
        namespace: 'clusters',
        name: 'asked',
        operation: 'CREATE',
        field: 'spec.provisioning.installerImageOverride',
      },
      judged: { pullspec: COMPONENT, outcome: 'rejected', judgedAs: 'component' },
    },
  ] as const)('of $what the audit log names the record, and the record who asked', async (row) => {
    const { resource, spec, named, judged } = row;
    await install(...byProxy());
    const object = make[resource]('asked', spec);
    const { status } = await api.request('POST', toApiPath(resource, object), object, JANE);
    expect(status).toBe(403);
    const name = `${resource}.admission.signet/record`;
    const lines = (await api.readAuditLog()).split('\n').filter((line) => line.includes(name) && line.includes('jane'));
    const { annotations } = JSON.parse(lines.at(-1) ?? '{}') as { readonly annotations: Record<string, string> };
    // The release beside a component has a record too; the last one is of what was denied.
    const id = annotations[`${name}-2`] ?? annotations[name] ?? '';
    const read = await getJson(`${signet.url}/v1/records/${id}`, await readFile(ca));
    const caller = { cluster: 'by-proxy', user: 'jane', ...named };
    // Others asked about the same image before.
    const latest: unknown = expect.arrayContaining([expect.objectContaining({ caller, forced: false })]);
    const asked = { source: 'admission', pullspec: judged.pullspec };
    expect(read).toMatchObject({ asked, verdict: judged, questions: { latest } });
    const file = path.join(work, 'record.json');
    await writeFile(file, JSON.stringify(read));
    expect(await runSignet(['record', 'verify', file, '--trust', path.join(work, 'trust')])).toMatchObject({
      status: 0,
      stdout: `confirmed  ${id}\n`,
    });
    await uninstall();
  });

  test.skipIf(nginx === undefined)('behind the proxy of the guide', async () => {
    const guide = await readFile(path.join(import.meta.dirname, '../../../docs/guides/admission.md'), 'utf8');
    const [, recipe = ''] = /```nginx\n([\s\S]*?)```/.exec(guide) ?? [];
    const plain = await startSignet([
      '--port',
      '0',
      '--data',
      path.join(work, 'behind'),
      '--trust',
      path.join(work, 'trust'),
      '--store',
      store.origin,
      '--allow-private-stores',
      '--admission',
      path.join(work, 'admission.json'),
    ]);
    const port = await findFreePort();
    const placed = recipe
      .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
      .replace('/etc/signet/tls.crt', path.join(work, 'signet.pem'))
      .replace('/etc/signet/tls.key', path.join(work, 'signet-key.pem'))
      .replace('http://127.0.0.1:8080', plain.url);
    const proxy = await startNginxWith(nginx ?? '', placed, path.join(work, 'nginx'), port);
    await install(
      'webhooks',
      '--url',
      `https://127.0.0.1:${port}`,
      '--token-file',
      path.join(work, 'token'),
      '--ca',
      ca,
    );
    const { answered, expected } = await tryAll(({ isAllowed }) => isAllowed, true);
    expect(answered).toEqual(expected);
    const long = make.machineconfigs('long', { config: { a: 'x'.repeat(2.6 * 1024 * 1024) }, osImageURL: COMPONENT });
    const { status, body } = await api.request('POST', toApiPath('machineconfigs', long), long);
    expect([status, body]).toEqual([403, expect.stringContaining('spec.osImageURL')]);
    await uninstall();
    await proxy.close();
    await plain.stop();
  });

  const policy = (): readonly string[] => ['admission-policy', '--trust', path.join(work, 'trust')];
  /** An API server learns of a policy a moment after it is stored; with several, of each for itself. */
  const untilDenied = async (request: () => Promise<ApiAnswer>): Promise<ApiAnswer> => {
    const deadline = Date.now() + 10_000;
    for (;;) {
      const answer = await request();
      if (answer.status >= 400 || Date.now() > deadline) return answer;
      await delay(50);
    }
  };

  test.each([
    ['the webhook under Ignore', () => [...byProxy(), '--failure-policy', 'Ignore']],
    ['the policy in CEL', policy],
  ])(
    '%s: no number of annotations hides one',
    async (_, args) => {
      await install(...args());
      // As many as an API server takes: 256 KiB of names and values.
      const junk = Object.fromEntries(Array.from({ length: 60_000 }, (__, index) => [index.toString(36), '']));
      const bad = [
        ['hostedclusters', 'hypershift.openshift.io/force-upgrade-to', FOREIGN],
        ['hostedclusters', 'hypershift.openshift.io/capi-manager-image', COMPONENT],
        ['nodepools', 'hypershift.openshift.io/haproxy-image', COMPONENT],
        ['clusterdeployments', 'hive.openshift.io/minimal-install-mode', 'true'],
      ] as const;
      const answered: unknown[] = [];
      for (const [resource, name, value] of bad) {
        const object = make[resource]('many', { annotations: { ...junk, [name]: value } });
        const ask = () => api.request('POST', `${toApiPath(resource, object)}?dryRun=All`, object);
        const few = make[resource]('many', { annotations: { [name]: value } });
        await untilDenied(() => api.request('POST', `${toApiPath(resource, few)}?dryRun=All`, few));
        const { status } = await ask();
        answered.push([name, status]);
      }
      expect(answered).toEqual(bad.map(([, name]) => [name, 403]));
      await uninstall();
    },
    240_000,
  );

  test.each([
    ['the webhook', byProxy],
    ['the policy in CEL', policy],
  ])('%s: every way of writing is judged, and no subresource is a way around', async (_, args) => {
    await install(...args());
    const door = { 'hypershift.openshift.io/haproxy-image': COMPONENT };
    const pool = make.nodepools('there', {});
    const kubectl = async (...given: readonly string[]) => await api.kubectl([...given, '-n', 'clusters']);
    const patch = (type: string, change: unknown, ...more: readonly string[]) =>
      kubectl('patch', 'nodepool', 'there', `--type=${type}`, '-p', JSON.stringify(change), ...more);
    const release = { spec: { release: { image: FOREIGN } } };
    const byServer = JSON.stringify({ ...pool, spec: { ...pool.spec, ...release.spec } });
    await untilDenied(() =>
      api.request('PATCH', toApiPath('nodepools', pool, true), { metadata: { annotations: door } }),
    );
    const generated = {
      ...make.nodepools('x', release.spec),
      metadata: { generateName: 'made-', namespace: 'clusters' },
    };
    const asked = {
      'a merge patch': await patch('merge', release),
      'a JSON patch': await patch('json', [{ op: 'replace', path: '/spec/release/image', value: FOREIGN }]),
      'an apply by the server': await api.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], byServer),
      'a replacement': await api.kubectl(['replace', '-f', '-'], byServer),
      'a generated name': await api.kubectl(['create', '-f', '-'], JSON.stringify(generated)),
      'an annotation': await kubectl(
        'annotate',
        'nodepool',
        'there',
        ...Object.entries(door).map((one) => one.join('=')),
      ),
    };
    expect(Object.entries(asked).map(([name, { status, stderr }]) => [name, status, /denied/.test(stderr)])).toEqual(
      Object.keys(asked).map((name) => [name, 1, true]),
    );
    // What these write beside their own part is not stored.
    for (const subresource of ['status', 'scale']) {
      await patch('merge', { metadata: { annotations: door }, ...release }, `--subresource=${subresource}`);
    }
    const stored = JSON.parse((await api.request('GET', toApiPath('nodepools', pool, true))).body) as ClusterObject;
    expect([stored.spec, stored.metadata.annotations ?? {}]).toEqual([
      expect.objectContaining({ release: { image: GOOD } }),
      expect.not.objectContaining(door),
    ]);
    const removed = make.nodepools('removed', {});
    await apply(removed);
    expect((await api.request('DELETE', toApiPath('nodepools', removed, true))).status).toBe(200);
    await uninstall();
  });

  test.each([
    ['the webhook', byProxy],
    ['the policy in CEL', policy],
  ])('%s: what stood there before does not keep the rest from changing', async (_, args) => {
    const bad = { name: 'OPENSHIFT_INSTALL_RELEASE_IMAGE_OVERRIDE', value: FOREIGN };
    const withEnv = (...installerEnv: readonly object[]) =>
      make.clusterdeployments('before', { provisioning: { releaseImage: GOOD, installerEnv } });
    const overrides = (...unmanaged: readonly string[]) => ({
      spec: {
        overrides: unmanaged.map((name) => ({
          kind: 'Deployment',
          group: 'apps',
          namespace: 'openshift-machine-config-operator',
          name,
          unmanaged: true,
        })),
      },
    });
    const cluster = toApiPath('clusterversions', makeClusterVersion({}), true);
    await apply(withEnv(bad));
    await api.request('PATCH', cluster, overrides('machine-config-operator'));
    await install(...args());
    const place = `${toApiPath('clusterdeployments', withEnv(), true)}?dryRun=All`;
    const change = async (...env: readonly object[]) => {
      const provisioning = { releaseImage: GOOD, installerEnv: env };
      return (await api.request('PATCH', place, { spec: { provisioning } })).status;
    };
    await untilDenied(() =>
      api.request('PATCH', place, {
        spec: {
          provisioning: {
            installerEnv: [
              { ...bad, value: UNSIGNED },
              { ...bad, value: COMPONENT },
            ],
          },
        },
      }),
    );
    expect([
      await change({ name: 'TF_LOG', value: 'x' }, bad),
      await change({ name: 'TF_LOG', value: FOREIGN }, { ...bad, value: COMPONENT }),
    ]).toEqual([200, 403]);
    const patched = await api.request('PATCH', `${cluster}?dryRun=All`, overrides('other', 'machine-config-operator'));
    expect(patched.status).toBe(200);
    await uninstall();
    await api.request('PATCH', cluster, { spec: { overrides: null } });
    await api.request('DELETE', toApiPath('clusterdeployments', withEnv(), true));
  });

  /** A kind as clusters serve it that have none of its later versions. */
  const crd = (plural: string, kind: string, served: readonly string[]): object => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.machineconfiguration.openshift.io`,
      annotations: { 'api-approved.kubernetes.io': 'https://github.com/openshift/api' },
    },
    spec: {
      group: 'machineconfiguration.openshift.io',
      names: { plural, kind, listKind: `${kind}List`, singular: kind.toLowerCase() },
      scope: 'Cluster',
      versions: served.map((name, index) => ({
        name,
        served: true,
        storage: index === 0,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      })),
    },
  });

  test.each([
    ['the webhook', byProxy],
    ['the policy in CEL', policy],
  ])('%s: a version that the first rule does not name is judged', async (_, args) => {
    await apply(crd('machineosconfigs', 'MachineOSConfig', ['v1alpha1']));
    const object = {
      apiVersion: 'machineconfiguration.openshift.io/v1alpha1',
      kind: 'MachineOSConfig',
      metadata: { name: 'a' },
      spec: { buildInputs: { baseOSImagePullspec: COMPONENT } },
    };
    const place = `${toApiPath('machineosconfigs', object)}?dryRun=All`;
    // Served a moment after it is stored.
    while ((await api.request('POST', place, object)).status === 404) await delay(50);
    expect((await api.request('POST', place, object)).status).toBe(201);
    await install(...args());
    const { status, body } = await untilDenied(() => api.request('POST', place, object));
    expect([status, body]).toEqual([403, expect.stringContaining('spec.buildInputs.baseOSImagePullspec')]);
    await uninstall();
    await api.kubectl(['delete', 'crd', 'machineosconfigs.machineconfiguration.openshift.io']);
  });

  test('an update that was forced is taken back: first the force, then the update', async () => {
    await install(...byProxy());
    const place = toApiPath('clusterversions', makeClusterVersion({}), true);
    const change = async (desiredUpdate: object | null): Promise<number> =>
      (await api.request('PATCH', place, { spec: { desiredUpdate } })).status;
    expect(await change({ image: FOREIGN, force: true })).toBe(200);
    expect(await change({ image: FOREIGN, version: '4.99.9', force: false })).toBe(403);
    expect(await change({ force: false })).toBe(200);
    expect(await change({ image: UNSIGNED })).toBe(403);
    expect(await change(null)).toBe(200);
    await uninstall();
  });
});

async function getJson(url: string, ca: Buffer): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  get(url, { ca }, (response) => {
    response.toArray().then((parts) => resolve(JSON.parse(parts.map(String).join(''))), reject);
  }).once('error', reject);
  return await promise;
}

interface Target {
  readonly url?: string;
  readonly service?: { readonly path?: string };
}

interface Manifest {
  readonly webhooks?: readonly { readonly clientConfig: Target }[];
}
