import { execFile } from 'node:child_process';
import { appendFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import * as v from 'valibot';
import { buildFunctions } from '../../../scripts/build-functions.ts';
import { layOut, OSLS, writePage } from '../package/package-service.ts';
import type { Emulator } from './start-emulator.ts';

const STATE = 'serverless-state.json';

export interface Ran {
  readonly code: number;
  readonly output: string;
}

export interface Stack {
  /** Deploys the package: as it is, or made ready for the emulator. */
  readonly deploy: (form: 'as packaged' | 'for the emulator') => Promise<Ran>;
  /** Deploys, and kills the packager when this is there. */
  readonly deployUntil: (isThere: Promise<unknown>) => Promise<Ran>;
  readonly remove: () => Promise<Ran>;
  /** The directory of the plain template. */
  readonly plain: string;
  /** What the emulator's copy is without, by logical ID. */
  readonly left: readonly string[];
}

/**
 * Builds and packages the service in a directory of its own, by its parameters of the stage `dev`.
 *
 * @param added code at the end of functions, by name
 */
export async function packageStack(
  directory: string,
  parameters: Readonly<Record<string, string>>,
  emulator: Emulator,
  added: Readonly<Record<string, string>> = {},
): Promise<Stack> {
  await mkdir(path.join(directory, 'stages'), { recursive: true });
  await layOut(directory);
  await writeFile(path.join(directory, 'stages/dev.yml'), JSON.stringify(parameters));
  await buildFunctions(path.join(directory, 'dist'), await writePage(directory));
  for (const [name, code] of Object.entries(added))
    await appendFile(path.join(directory, 'dist', name, 'handler.mjs'), code);
  const run = (...args: readonly string[]): Promise<Ran> => runPackager(directory, args, emulator);
  const packaged = path.join(directory, 'packaged');
  const { code, output } = await run('package', '--package', packaged);
  if (code !== 0) throw new Error(`the service is not packaged: ${output}`);
  const ready = path.join(directory, 'ready');
  await cp(packaged, ready, RECURSIVE);
  const left = await makeReady(path.join(ready, STATE));
  /** The packager empties what it deploys. */
  const copy = async (from: string): Promise<string> => {
    const copied = path.join(directory, 'deployed');
    await rm(copied, { recursive: true, force: true });
    await cp(from, copied, RECURSIVE);
    return copied;
  };
  return {
    left,
    plain: path.join(packaged, 'plain'),
    deploy: async (form) => await run('deploy', '--package', await copy(form === 'as packaged' ? packaged : ready)),
    async deployUntil(isThere) {
      const killer = new AbortController();
      const args = ['deploy', '--package', await copy(ready)];
      const running = runPackager(directory, args, emulator, killer.signal);
      await isThere.finally(() => killer.abort());
      return await running;
    },
    remove: () => run('remove'),
  };
}

const RECURSIVE = { recursive: true } as const;

async function runPackager(
  directory: string,
  args: readonly string[],
  { env }: Emulator,
  signal?: AbortSignal,
): Promise<Ran> {
  const { promise, resolve } = Promise.withResolvers<Ran>();
  const options = {
    signal,
    killSignal: 'SIGKILL' as const,
    cwd: directory,
    env: { PATH: path.dirname(process.execPath), HOME: directory, ...env },
  };
  const child = execFile(process.execPath, [OSLS, ...args], options, (_, stdout, stderr) =>
    resolve({ code: child.exitCode ?? -1, output: stdout + stderr }),
  );
  return await promise;
}

const State = v.looseObject({
  service: v.looseObject({
    provider: v.looseObject({
      compiledCloudFormationTemplate: v.looseObject({
        Resources: v.record(
          v.string(),
          v.looseObject({
            Type: v.string(),
            Properties: v.optional(v.looseObject({}), {}),
            UpdatePolicy: v.optional(v.unknown()),
          }),
        ),
      }),
    }),
  }),
});
const Statement = v.looseObject({ Action: v.union([v.string(), v.array(v.string())]) });
const Role = v.looseObject({
  Policies: v.array(v.looseObject({ PolicyDocument: v.looseObject({ Statement: v.array(v.unknown()) }) })),
});

/** Types that the emulator does not know. */
export const UNKNOWN: readonly string[] = [
  'AWS::Events::Archive',
  'AWS::Events::EventBusPolicy',
  'AWS::WAFv2::IPSet',
  'AWS::CodeDeploy::Application',
  'AWS::CodeDeploy::DeploymentGroup',
];

/**
 * What the emulator cannot do is taken from a copy: it knows no alarms on expressions of metrics and no CodeDeploy, and asks
 * for permissions of SQS by batch, which AWS has not. @returns the resources that are gone
 */
async function makeReady(file: string): Promise<readonly string[]> {
  const state = v.parse(State, JSON.parse(await readFile(file, 'utf8')));
  const { Resources: resources } = state.service.provider.compiledCloudFormationTemplate;
  const left: string[] = [];
  for (const [id, resource] of Object.entries(resources)) {
    const { Type: type, Properties: properties } = resource;
    if (type.startsWith('AWS::CodeDeploy::') || (type === 'AWS::CloudWatch::Alarm' && 'Metrics' in properties)) {
      left.push(id);
      delete resources[id];
    }
    // Without CodeDeploy the emulator moves an alias at once.
    if (type === 'AWS::Lambda::Alias') delete resource.UpdatePolicy;
    if (type === 'AWS::IAM::Role') addBatches(v.parse(Role, properties).Policies, properties);
  }
  await writeFile(file, JSON.stringify(state));
  return left;
}

function addBatches(policies: v.InferOutput<typeof Role>['Policies'], properties: Record<string, unknown>): void {
  properties['Policies'] = policies.map((policy) => {
    const statements = policy.PolicyDocument.Statement.map((statement) => {
      const known = v.safeParse(Statement, statement);
      if (!known.success) return statement;
      const actions = [known.output.Action].flat();
      return {
        ...known.output,
        Action: [...actions, ...actions.filter((one) => BATCHED.has(one)).map((one) => `${one}Batch`)],
      };
    });
    return { ...policy, PolicyDocument: { ...policy.PolicyDocument, Statement: statements } };
  });
}

const BATCHED: ReadonlySet<string> = new Set(['sqs:SendMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility']);
