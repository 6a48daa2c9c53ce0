import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { parse } from 'yaml';

export const PIPELINES = path.join(import.meta.dirname, '../../deploy/pipelines');

const text = v.pipe(v.string(), v.minLength(1));

/** A composite action with one step, as GitHub's metadata syntax has it. */
const Action = v.strictObject({
  name: text,
  description: text,
  inputs: v.record(text, v.strictObject({ description: text, default: v.string() })),
  outputs: v.record(text, v.strictObject({ description: text, value: text })),
  runs: v.strictObject({
    using: v.literal('composite'),
    steps: v.tuple([v.strictObject({ id: text, shell: v.literal('bash'), env: v.record(text, text), run: text })]),
  }),
});

/** A hidden job, as .gitlab-ci.yml has it. */
const Template = v.strictObject({
  '.signet': v.strictObject({
    variables: v.record(text, v.string()),
    script: v.tuple([text]),
    artifacts: v.strictObject({
      when: v.literal('always'),
      paths: v.array(text),
      reports: v.strictObject({ junit: text }),
    }),
  }),
});

const described = { name: text, description: text };

/** tekton.dev/v1 Task. */
const Task = v.strictObject({
  apiVersion: v.literal('tekton.dev/v1'),
  kind: v.literal('Task'),
  metadata: v.strictObject({ name: text, labels: v.record(text, text) }),
  spec: v.strictObject({
    description: text,
    params: v.array(
      v.variant('type', [
        v.strictObject({ ...described, type: v.literal('string'), default: v.optional(v.string()) }),
        v.strictObject({ ...described, type: v.literal('array'), default: v.optional(v.array(v.string())) }),
      ]),
    ),
    workspaces: v.array(v.strictObject(described)),
    results: v.array(v.strictObject({ ...described, type: v.literal('string') })),
    steps: v.tuple([
      v.strictObject({
        name: text,
        image: text,
        workingDir: text,
        securityContext: v.strictObject({
          runAsNonRoot: v.literal(true),
          allowPrivilegeEscalation: v.literal(false),
          capabilities: v.strictObject({ drop: v.tuple([v.literal('ALL')]) }),
          seccompProfile: v.strictObject({ type: v.literal('RuntimeDefault') }),
        }),
        env: v.array(v.strictObject({ name: text, value: text })),
        args: v.array(text),
        script: text,
      }),
    ]),
  }),
});

function read<T extends v.GenericSchema>(schema: T, name: string): v.InferOutput<T> {
  return v.parse(schema, parse(readFileSync(path.join(PIPELINES, name), 'utf8'), { version: '1.1' }));
}

export const readAction = () => read(Action, 'github/action.yml');
export const readTemplate = () => read(Template, 'gitlab/signet.gitlab-ci.yml')['.signet'];
export const readTask = () => read(Task, 'tekton/task.yaml').spec;
