import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { listFunctions } from '../../../scripts/build-functions.ts';
import type { AwsCall } from './aws/aws-call.ts';
import { listDenied, listKept } from './bucket-policy.ts';
import { findGrantFaults, listGrants } from './grants.ts';
import { readFunction } from './read-function.ts';
import { recordCalls } from './record-calls.ts';
import { listServiceCalls } from './service-calls.ts';
import type { Template } from './template.ts';
import { useVariants } from './use-variants.ts';
import { VARIANTS, type Variant } from './variants.ts';

const names = await listFunctions();
const read = useVariants();
const recordings = new Map<string, Promise<readonly AwsCall[]>>();

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'signet-grants-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** Once for each function and variant. */
function record(name: string, variant: Variant): Promise<readonly AwsCall[]> {
  const id = path.join(directory, variant, name);
  const bundle = path.join(inject('packaged').variants.defaults.directory, 'dist', name, 'handler.mjs');
  const recording = recordings.get(id) ?? recordCalls({ name, bundle, settled: read(variant).settled, directory: id });
  recordings.set(id, recording);
  return recording;
}

function findFaults(settled: Template, name: string, recorded: readonly AwsCall[]): readonly string[] {
  const grants = listGrants(settled, roleOf(settled, name));
  return findGrantFaults(grants, [...recorded, ...listServiceCalls(settled, name, recorded)]);
}

function roleOf(settled: Template, name: string): string {
  return readFunction(settled, name).Role['Fn::GetAtt'][0];
}

describe.each(VARIANTS)('with %s', (variant) => {
  test.each(names)('%s is allowed what it was seen to call, and nothing else', async (name) => {
    expect(findFaults(read(variant).settled, name, await record(name, variant))).toEqual([]);
  });

  test.each(names)('%s could do without no part of a statement', async (name) => {
    const { settled } = read(variant);
    const recorded = await record(name, variant);
    const calls = [...recorded, ...listServiceCalls(settled, name, recorded)];
    const grants = listGrants(settled, roleOf(settled, name));
    expect(grants.length).toBeGreaterThan(0);
    for (const grant of grants) {
      const others = grants.filter((other) => other !== grant);
      expect(findGrantFaults(others, calls), JSON.stringify(grant)).toContainEqual(
        expect.stringContaining(`not allowed: ${grant.action} `),
      );
    }
  });

  test.each(names)('%s writes as the bucket lets everybody write, and only so', async (name) => {
    const { settled } = read(variant);
    const recorded = await record(name, variant);
    expect(listDenied(settled, recorded)).toEqual([]);
    const puts = recorded.filter(({ action }) => action === 's3:PutObject');
    // Without its condition, none of them would have passed; and none may replace what is written once.
    for (const put of puts) {
      expect(listDenied(settled, [{ ...put, condition: undefined }]), put.resource).not.toEqual([]);
      const isOnce =
        /\/(?:records|accepted|asked\/[0-9a-f]{64}|decisions\/(?:new|indexed)|manifests|quarantine|seals|trust\/\w+\/(?:revisions|published))\//.test(
          put.resource,
        );
      expect(listDenied(settled, [{ ...put, condition: 'replace' }]).length > 0, put.resource).toBe(
        isOnce || put.resource.endsWith('/bundle.tar.gz'),
      );
    }
  });

  test.each(names)('what %s writes once nobody deletes, and what it deletes is not kept', async (name) => {
    const { settled } = read(variant);
    const recorded = await record(name, variant);
    const resourcesOf = (...actions: readonly string[]): readonly string[] =>
      recorded.filter(({ action }) => actions.includes(action)).map(({ resource }) => resource);
    const isKept = (resource: string): boolean =>
      /^[^/]+\/(?:records|accepted|asked|quarantine\/[^/]+|seals|trust\/\w+\/(?:revisions|published))\//.test(resource);
    const puts = resourcesOf('s3:PutObject');
    expect(listKept(settled, puts)).toEqual(puts.filter(isKept));
    expect(listKept(settled, resourcesOf('s3:DeleteObject', 's3:DeleteObjectVersion'))).toEqual([]);
  });

  test.each(names)('the check fails for %s when a statement is taken from its role, or put to it', async (name) => {
    const { settled } = read(variant);
    const recorded = await record(name, variant);
    const statements = statementsOf(settled, name);
    for (const statement of statements) {
      const without = statements.filter((other) => other !== statement);
      expect(findFaults(withStatements(settled, name, without), name, recorded)).not.toEqual([]);
    }
    const more = { Sid: 'More', Effect: 'Allow', Action: 's3:PutObjectRetention', Resource: '*' };
    expect(findFaults(withStatements(settled, name, [...statements, more]), name, recorded)).toEqual([
      'not needed: s3:PutObjectRetention *',
    ]);
  });
});

const Role = v.looseObject({
  Policies: v.strictTuple([v.looseObject({ PolicyDocument: v.looseObject({ Statement: v.array(v.unknown()) }) })]),
});

function statementsOf(settled: Template, name: string): readonly unknown[] {
  return v.parse(Role, settled.Resources[roleOf(settled, name)]?.Properties).Policies[0].PolicyDocument.Statement;
}

/** A copy of the template in which a function's role has these statements. */
function withStatements(settled: Template, name: string, statements: readonly unknown[]): Template {
  const id = roleOf(settled, name);
  const role = settled.Resources[id];
  if (role === undefined) throw new Error(`${id} is not in the template`);
  const PolicyDocument = { Version: '2012-10-17', Statement: statements };
  const Properties = { ...role.Properties, Policies: [{ PolicyName: name, PolicyDocument }] };
  return { ...settled, Resources: { ...settled.Resources, [id]: { ...role, Properties } } };
}
