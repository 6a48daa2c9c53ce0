import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { describe, expect, inject, test } from 'vitest';
import { listFunctions } from '../../../scripts/build-functions.ts';
import { findTool } from '../../support/tools.ts';
import { readZip } from './package-service.ts';
import { settleConditions } from './settle-conditions.ts';
import { findUnresolved, parseTemplate, resourcesOf, type Template, toSub } from './template.ts';
import { useVariants } from './use-variants.ts';
import { TEMPLATES, type Variant } from './variants.ts';

/** CloudFormation takes no larger template from a bucket. */
const MAX_TEMPLATE_BYTES = 1_000_000;

const names = await listFunctions();
const read = useVariants();
const run = promisify(execFile);
const linter = findTool('cfn-lint');

const Manifest = v.strictObject({
  schema: v.literal(1),
  service: v.literal('signet'),
  version: v.string(),
  stage: v.literal('dev'),
  template: v.strictObject({ file: v.literal('template.json'), bytes: v.number(), sha256: v.string() }),
  zips: v.array(v.strictObject({ function: v.string(), file: v.string(), bytes: v.number(), sha256: v.string() })),
});

function toPlace(variant: Variant, name: string): string {
  return path.join(inject('packaged').variants[variant].directory, '.serverless/plain', name);
}

async function readPlain(variant: Variant): Promise<Template> {
  return parseTemplate(await readFile(toPlace(variant, 'template.json'), 'utf8'));
}

describe('the plain template', () => {
  test.each(TEMPLATES)('is the packager’s, but for where code comes from, with %s', async (variant) => {
    const plain = settleConditions(await readPlain(variant));
    const { settled } = read(variant);
    const without = ({ Resources: resources }: Template) =>
      Object.fromEntries(
        Object.entries(resources)
          .filter(([id]) => !id.startsWith('ServerlessDeployment'))
          .map(([id, resource]) => [id, { ...resource, Properties: { ...resource.Properties, Code: undefined } }]),
      );
    expect(without(plain)).toEqual(without(settled));
    expect(Object.keys(plain.Resources).filter((id) => id.startsWith('ServerlessDeployment'))).toEqual([]);
    expect(Object.keys(plain.Outputs)).not.toContain('ServerlessDeploymentBucketName');
    expect(findUnresolved(plain)).toEqual([]);
    expect(JSON.stringify(plain)).not.toMatch(/ServerlessDeployment|platform-deployments/);
    expect((await stat(toPlace(variant, 'template.json'))).size).toBeLessThan(MAX_TEMPLATE_BYTES);
  });

  test('takes code from the bucket and below the prefix that are given, by its content', async () => {
    const { zips } = v.parse(Manifest, JSON.parse(await readFile(toPlace('defaults', 'manifest.json'), 'utf8')));
    const functions = resourcesOf(await readPlain('defaults'), 'AWS::Lambda::Function');
    expect(functions.map(([, { Properties: properties }]) => properties['Code'])).toEqual(
      zips.map(({ file }) => ({
        S3Bucket: { Ref: 'CodeBucket' },
        S3Key: toSub(`<CodePrefix>${file.slice('code/'.length)}`),
      })),
    );
    expect((await readPlain('defaults')).Parameters).toMatchObject({
      CodeBucket: { Type: 'String' },
      CodePrefix: { Type: 'String', Default: 'signet/' },
    });
  });

  test('comes with a manifest of every zip and its SHA-256', async () => {
    const { template, zips } = v.parse(
      Manifest,
      JSON.parse(await readFile(toPlace('defaults', 'manifest.json'), 'utf8')),
    );
    expect(template.sha256).toBe(hash('sha256', await readFile(toPlace('defaults', template.file))));
    expect(zips.map((zip) => zip.function).toSorted()).toEqual(names.toSorted());
    const { directory } = inject('packaged').variants.defaults;
    for (const zip of zips) {
      const bytes = await readFile(toPlace('defaults', zip.file));
      expect([zip.function, zip.sha256, zip.bytes]).toEqual([zip.function, hash('sha256', bytes), bytes.length]);
      expect(zip.file).toBe(`code/${zip.function}-${zip.sha256}.zip`);
      expect(Buffer.compare(bytes, await readZip(directory, zip.function))).toBe(0);
    }
  });

  test.each(['template.json', 'manifest.json'])('is the same each time: %s', async (name) => {
    const again = path.join(inject('packaged').again, '.serverless/plain', name);
    expect(await readFile(again, 'utf8')).toBe(await readFile(toPlace('defaults', name), 'utf8'));
  });

  test.skipIf(linter === undefined)(
    'passes cfn-lint, as does what forwards events of ECR',
    async () => {
      const ignored = ['W1020', 'W1030', 'W1033', 'W3005'];
      const files = [toPlace('every option', 'template.json'), toPlace('every option', 'forward-ecr.yml')];
      const given = ['--format', 'parseable', '--ignore-checks', ...ignored, '--regions', 'us-east-1'];
      const output = await run(linter ?? '', [...given, '--', ...files]).catch((error: unknown) => error);
      expect(output).toMatchObject({ stdout: '' });
    },
    600_000,
  );
});
