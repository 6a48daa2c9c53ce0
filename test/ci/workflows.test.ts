import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const GITHUB = path.join(import.meta.dirname, '../../.github');
const names = readdirSync(path.join(GITHUB, 'workflows'));
const read = (name: string): string => readFileSync(path.join(GITHUB, name), 'utf8');

const Step = v.object({ uses: v.optional(v.string()), run: v.optional(v.string()), with: v.optional(v.unknown()) });
const Workflow = v.object({
  on: v.record(v.string(), v.unknown()),
  permissions: v.optional(v.unknown()),
  jobs: v.record(v.string(), v.object({ permissions: v.optional(v.unknown()), steps: v.array(Step) })),
});

/** What a workflow may not do: write to the repository, take an action that can change, or run text of a request. */
function listFaults(text: string): readonly string[] {
  const { on, permissions, jobs } = v.parse(Workflow, parse(text));
  const steps = Object.values(jobs).flatMap((job) => job.steps);
  const faults: string[] = [];
  if (JSON.stringify(permissions) !== '{"contents":"read"}') faults.push('permissions');
  if (Object.values(jobs).some((job) => job.permissions !== undefined)) faults.push('permissions of a job');
  if ('pull_request_target' in on || 'workflow_run' in on) faults.push('trigger');
  for (const { uses, run, with: given } of steps) {
    if (uses !== undefined && !/^[a-z-]+\/[a-z-]+@[0-9a-f]{40}$/.test(uses)) faults.push(`not pinned: ${uses}`);
    if (
      uses?.startsWith('actions/checkout@') === true &&
      !JSON.stringify(given).includes('"persist-credentials":false')
    )
      faults.push('credentials stay');
    if (run?.includes('${{') === true) faults.push('an expression in a script');
  }
  if (/\bsecrets\b/.test(text)) faults.push('a secret');
  const unnamed = text.split('\n').filter((line) => /\buses:/.test(line) && !/ # v[0-9]+\.[0-9]+\.[0-9]+$/.test(line));
  return [...faults, ...unnamed.map((line) => `no version: ${line.trim()}`)];
}

describe('the workflows', () => {
  test.each(names)('%s reads alone, by pinned actions', (name) => {
    expect(listFaults(read(`workflows/${name}`))).toEqual([]);
  });

  test('run what a submission has to pass, and build the release', () => {
    const runs = (name: string) =>
      Object.values(v.parse(Workflow, parse(read(`workflows/${name}`))).jobs).flatMap(({ steps }) =>
        steps.flatMap(({ run }) => run ?? []),
      );
    expect(names).toEqual(['ci.yml', 'release.yml']);
    expect(runs('ci.yml')).toContain('.ci/run');
    expect(runs('release.yml').some((run) => run.startsWith('npm run release'))).toBe(true);
  });

  test.each<[name: string, change: (text: string) => string, fault: string]>([
    ['may write', (text) => text.replace('contents: read', 'contents: write'), 'permissions'],
    ['says nothing of permissions', (text) => text.replace('permissions:\n  contents: read\n', ''), 'permissions'],
    ['runs for a fork with secrets', (text) => text.replace('pull_request:', 'pull_request_target:'), 'trigger'],
    ['takes an action by tag', (text) => text.replace(/checkout@[0-9a-f]{40}/, 'checkout@v7'), 'not pinned'],
    ['keeps its token', (text) => text.replace('persist-credentials: false', 'clean: true'), 'credentials stay'],
    ['runs a title', (text) => text.replace('.ci/run\n', `\${{ github.event.pull_request.title }}\n`), 'an expression'],
  ])('one that %s is found', (_, change, fault) => {
    const faults = listFaults(change(read('workflows/ci.yml')));
    expect(faults.some((one) => one.startsWith(fault))).toBe(true);
  });
});

/**
 * The fields that this repository uses, as Renovate's "Configuration options" documents them. The whole file was
 * compared with renovate-schema.json of 39.264.1 too.
 */
const schedule = v.pipe(v.array(v.string()), v.minLength(1));
const age = v.nullable(v.pipe(v.string(), v.regex(/^[0-9]+ (?:hours?|days?|months?)$/)));
const Renovate = v.strictObject({
  $schema: v.literal('https://docs.renovatebot.com/renovate-schema.json'),
  extends: v.array(v.string()),
  minimumReleaseAge: age,
  internalChecksFilter: v.picklist(['strict', 'flexible', 'none']),
  rangeStrategy: v.picklist(['auto', 'pin', 'bump', 'replace', 'widen', 'update-lockfile', 'in-range-only']),
  schedule,
  timezone: v.string(),
  semanticCommits: v.picklist(['auto', 'enabled', 'disabled']),
  commitMessagePrefix: v.string(),
  prConcurrentLimit: v.pipe(v.number(), v.integer()),
  lockFileMaintenance: v.strictObject({ enabled: v.boolean(), schedule }),
  vulnerabilityAlerts: v.strictObject({ labels: v.array(v.string()), minimumReleaseAge: age }),
  packageRules: v.array(
    v.strictObject({
      matchManagers: v.array(v.picklist(['npm', 'gomod', 'github-actions'])),
      matchPackageNames: v.optional(v.array(v.string())),
      matchDepTypes: v.optional(v.array(v.string())),
      groupName: v.optional(v.string()),
      labels: v.optional(v.array(v.string())),
      allowedVersions: v.optional(v.string()),
      automerge: v.optional(v.boolean()),
    }),
  ),
});

describe('updates of packages', () => {
  const text = read('renovate.json');

  test('are configured by fields that Renovate documents', () => {
    expect(v.safeParse(Renovate, JSON.parse(text)).issues).toBeUndefined();
  });

  test('wait a week, pin, and are merged by nobody but people', () => {
    const { minimumReleaseAge, internalChecksFilter, rangeStrategy } = v.parse(Renovate, JSON.parse(text));
    expect([minimumReleaseAge, internalChecksFilter, rangeStrategy]).toEqual(['7 days', 'strict', 'pin']);
    expect(text).not.toContain('"automerge": true');
  });

  test('a field that Renovate does not know is found', () => {
    const changed = text.replace('"minimumReleaseAge": "7', '"minimumReleaseAges": "7');
    expect(v.safeParse(Renovate, JSON.parse(changed)).success).toBe(false);
  });
});
